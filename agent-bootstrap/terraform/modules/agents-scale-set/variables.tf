variable "name_prefix" {
  description = "Beginning of the names of machines, identity and network interfaces; agents are named after their machines."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,48}[a-z0-9]$", var.name_prefix))
    error_message = "The name_prefix has 2 to 50 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "location" {
  description = "Azure region, in its short form."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "The location is a region in its short form, such as westeurope."
  }
}

variable "resource_group_name" {
  description = "Resource group of the machines."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "subnet_id" {
  description = "Id of the subnet of the machines."
  type        = string

  validation {
    condition     = var.subnet_id != ""
    error_message = "The subnet_id is the resource id of a subnet."
  }
}

variable "vm_size" {
  description = "Size of the machines."
  type        = string
  default     = "Standard_D4s_v5"

  validation {
    condition     = can(regex("^(Standard|Basic)_[A-Za-z0-9_-]+$", var.vm_size))
    error_message = "The vm_size is a size of virtual machines, such as Standard_D4s_v5."
  }
}

variable "admin_ssh_public_key" {
  description = "Public SSH key of the administrator, who comes in through Azure Bastion; there is no password."
  type        = string

  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+", var.admin_ssh_public_key))
    error_message = "The admin_ssh_public_key is a public key: ssh-ed25519 or ssh-rsa, then the key. The private key stays with you."
  }
}

variable "image" {
  description = "Marketplace image of the machines: a Linux with systemd and cloud-init."
  type        = object({ publisher = string, offer = string, sku = string, version = optional(string, "latest") })
  default     = { publisher = "Canonical", offer = "ubuntu-24_04-lts", sku = "server" }

  validation {
    condition     = alltrue([for part in values(var.image) : can(regex("^[A-Za-z0-9._-]+$", part))])
    error_message = "The image has a publisher, an offer, a sku and a version, as the marketplace names them."
  }
}

variable "image_id" {
  description = "Id of your own image instead, from a gallery or as a managed image; null for the marketplace's."
  type        = string
  default     = null

  validation {
    condition     = var.image_id == null || can(regex("^/(subscriptions|communityGalleries|sharedGalleries)/", var.image_id))
    error_message = "The image_id is the resource id of an image."
  }
}

variable "disk_size_gb" {
  description = "Size of the operating system's disk, which also holds the work folder, in GB."
  type        = number
  default     = 128

  validation {
    condition     = var.disk_size_gb >= 30 && var.disk_size_gb <= 4095
    error_message = "The disk_size_gb are 30 to 4095."
  }
}

variable "encryption_at_host" {
  description = "Encrypt temporary disks and caches too. The subscription must have the feature Microsoft.Compute/EncryptionAtHost."
  type        = bool
  default     = true
}

variable "ca_certificate" {
  description = "Certificate (PEM) of your own certificate authority, for TLS inspection; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.ca_certificate == null || can(regex("^-----BEGIN CERTIFICATE-----", var.ca_certificate))
    error_message = "The ca_certificate is a certificate in PEM form; it begins with -----BEGIN CERTIFICATE-----."
  }
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

variable "identity_ids" {
  description = "Ids of user-assigned identities that jobs may use; empty for none. Azure DevOps registers these agents itself."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.identity_ids : can(regex("/providers/Microsoft.ManagedIdentity/userAssignedIdentities/[^/]+$", id))])
    error_message = "Each of the identity_ids is the resource id of a user-assigned identity."
  }
}

variable "settings" {
  description = "Settings of agent-init.sh prep, as agent.conf.example describes them, such as TOOL_CACHE or ALLOW_DOCKER. None may hold a secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.settings), ["POOL", "ORGANIZATION_URL", "AUTH", "ONCE"])) == 0
    error_message = "POOL, ORGANIZATION_URL, AUTH and ONCE have no effect on a scale set: its agents are registered by Azure DevOps."
  }
}

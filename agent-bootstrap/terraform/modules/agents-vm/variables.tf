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

variable "agent_count" {
  description = "Number of machines, one agent each."
  type        = number
  default     = 2

  validation {
    condition     = var.agent_count >= 0 && var.agent_count <= 99 && floor(var.agent_count) == var.agent_count
    error_message = "The agent_count is a whole number from 0 to 99."
  }
}

variable "organization_url" {
  description = "Address of the Azure DevOps organization."
  type        = string

  validation {
    condition     = can(regex("^https://(dev\\.azure\\.com/[A-Za-z0-9][A-Za-z0-9-]*|[A-Za-z0-9-]+\\.visualstudio\\.com)$", var.organization_url))
    error_message = "The organization_url is https://dev.azure.com/<organization> or https://<organization>.visualstudio.com."
  }
}

variable "pool" {
  description = "Name of the agent pool. It must exist, and the machines' identity must be its administrator: the pool tool does both."
  type        = string

  validation {
    condition     = can(regex("^[^/\"$@<>]{1,64}$", var.pool))
    error_message = "The pool is the name of an agent pool: up to 64 characters, without / \" $ @ < and >."
  }
}

variable "private_hosts" {
  description = "Public names that must have private addresses here, as the module workspace gives them; an agent that finds another address does not register."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.private_hosts : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", host))])
    error_message = "Each of the private_hosts is a host name in lower case."
  }
}

variable "settings" {
  description = "Further settings of agent-init.sh, as agent.conf.example describes them, such as PROXY_URL or ONCE. None may hold a secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.settings), ["ORGANIZATION_URL", "POOL", "IDENTITY_CLIENT_ID", "PRIVATE_HOSTS", "AGENT_NAME"])) == 0
    error_message = "ORGANIZATION_URL, POOL, PRIVATE_HOSTS, IDENTITY_CLIENT_ID and AGENT_NAME are no further settings: they follow from the other variables."
  }
}

variable "identity" {
  description = "An existing user-assigned identity to register with: id, client_id, principal_id. Null creates one."
  type        = object({ id = string, client_id = string, principal_id = string })
  default     = null

  validation {
    condition     = var.identity == null || can(regex("/providers/Microsoft.ManagedIdentity/userAssignedIdentities/[^/]+$", var.identity.id))
    error_message = "The id of identity is the resource id of a user-assigned identity."
  }
}

variable "package_url" {
  description = "Address of agent-bootstrap.tar.gz in a private storage account, which the machines' identity may read; null hands agent-init.sh over in the user data. Without SAS."
  type        = string
  default     = null

  validation {
    condition     = var.package_url == null || can(regex("^https://[a-z0-9.-]+/[A-Za-z0-9._/-]*agent-bootstrap\\.tar\\.gz$", var.package_url))
    error_message = "The package_url is the https address of a blob named agent-bootstrap.tar.gz, without a query: the machine's identity reads it, so it needs no SAS."
  }
}

variable "name_prefix" {
  description = "Beginning of the names of the jump host and of Azure Bastion."
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
  description = "Resource group of the jump host and of Azure Bastion."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "subnet_id" {
  description = "Id of the subnet of the jump host."
  type        = string

  validation {
    condition     = var.subnet_id != ""
    error_message = "The subnet_id is the resource id of a subnet."
  }
}

variable "vm_size" {
  description = "Size of the jump host."
  type        = string
  default     = "Standard_D2s_v5"

  validation {
    condition     = can(regex("^(Standard|Basic)_[A-Za-z0-9_-]+$", var.vm_size))
    error_message = "The vm_size is a size of virtual machines, such as Standard_D4s_v5."
  }
}

variable "admin_ssh_public_key" {
  description = "Public SSH key of the administrator, for when Entra ID is out of reach; there is no password."
  type        = string

  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+", var.admin_ssh_public_key))
    error_message = "The admin_ssh_public_key is a public key: ssh-ed25519 or ssh-rsa, then the key. The private key stays with you."
  }
}

variable "image" {
  description = "Marketplace image of the jump host: a Linux that Entra ID can sign in to."
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

variable "encryption_at_host" {
  description = "Encrypt temporary disks and caches too. The subscription must have the feature Microsoft.Compute/EncryptionAtHost."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

variable "bastion" {
  description = "Azure Bastion to create: the id of the subnet AzureBastionSubnet; private_only for one without a public address, for clients that come by VPN or ExpressRoute (takes the tier Premium). Null where one exists already."
  type        = object({ subnet_id = string, private_only = optional(bool, false) })
  default     = null

  validation {
    condition     = var.bastion == null || try(var.bastion.subnet_id != "", false)
    error_message = "The subnet_id of bastion is the resource id of a subnet."
  }
}

variable "users" {
  description = "Object ids of the groups that may sign in to the jump host with Entra ID, by a short name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.users : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "Each of the users is the object id (a GUID) of a group."
  }
}

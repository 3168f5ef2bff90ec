variable "subscription_id" {
  description = "Subscription of everything that is created."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "The subscription_id is a GUID."
  }
}

variable "location" {
  description = "Azure region, in its short form."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "The location is a region in its short form, such as westeurope."
  }
}

variable "name" {
  description = "Short name that everything is named after; with suffix it must be unique in Azure."
  type        = string
  default     = "mlops"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.name))
    error_message = "The name has 2 to 10 lower-case letters and digits, and begins with a letter."
  }
}

variable "suffix" {
  description = "What makes the names of storage, vault and registry unique."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,8}$", var.suffix))
    error_message = "The suffix has 3 to 8 lower-case letters and digits."
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
  description = "Name of the agent pool."
  type        = string
  default     = "bastion-agents"

  validation {
    condition     = can(regex("^[^/\"$@<>]{1,64}$", var.pool))
    error_message = "The pool is the name of an agent pool."
  }
}

variable "admin_ssh_public_key" {
  description = "Public SSH key of the administrator of agents and jump host."
  type        = string

  validation {
    condition     = can(regex("^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+", var.admin_ssh_public_key))
    error_message = "The admin_ssh_public_key is a public key: ssh-ed25519 or ssh-rsa, then the key."
  }
}

variable "researchers" {
  description = "Object ids of the groups that work in the secure environment, by a short name."
  type        = map(string)

  validation {
    condition     = alltrue([for id in var.researchers : can(regex("^[0-9a-fA-F-]{36}$", id))])
    error_message = "Each of the researchers is the object id (a GUID) of a group."
  }
}

variable "recipients" {
  description = "Object ids of the groups that read what was released, by a short name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.recipients : can(regex("^[0-9a-fA-F-]{36}$", id))])
    error_message = "Each of the recipients is the object id (a GUID) of a group."
  }
}

variable "recipient_ranges" {
  description = "Public addresses or ranges from which released data is fetched."
  type        = list(string)

  validation {
    condition     = length(var.recipient_ranges) > 0 && alltrue([for range in var.recipient_ranges : can(regex("^[0-9.]+(/(8|9|[12][0-9]|30))?$", range))])
    error_message = "The recipient_ranges are public IPv4 addresses, or ranges of up to /30 (a smaller range is written as addresses), and none is everything."
  }
}

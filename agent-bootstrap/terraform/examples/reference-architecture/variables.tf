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

variable "bastion_clients" {
  description = "Public address ranges from which people open Azure Bastion: your offices' and VPN's."
  type        = list(string)

  validation {
    condition     = length(var.bastion_clients) > 0 && alltrue([for range in var.bastion_clients : can(cidrhost(range, 0)) && !can(regex("/0$", range))])
    error_message = "The bastion_clients are address ranges such as 203.0.113.0/24, and none is everything."
  }
}

variable "agent_count" {
  description = "Number of agents."
  type        = number
  default     = 2

  validation {
    condition     = var.agent_count >= 0 && var.agent_count <= 99
    error_message = "The agent_count is a number from 0 to 99."
  }
}

variable "scale_set" {
  description = "Prepare a scale set for an elastic pool too."
  type        = bool
  default     = false
}

variable "data_scientists" {
  description = "Object ids of groups that submit jobs and use the jump host, by a short name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.data_scientists : can(regex("^[0-9a-fA-F-]{36}$", id))])
    error_message = "Each of the data_scientists is the object id (a GUID) of a group."
  }
}

variable "pipelines" {
  description = "Object ids of the identities behind service connections, by a short name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.pipelines : can(regex("^[0-9a-fA-F-]{36}$", id))])
    error_message = "Each of the pipelines is the object id (a GUID) of a service principal or a managed identity."
  }
}

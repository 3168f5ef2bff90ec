variable "name" {
  description = "Name of the firewall; its policy and address are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,54}[A-Za-z0-9_]$", var.name))
    error_message = "The name of a firewall has 2 to 56 letters, digits, dots, dashes and underscores."
  }
}

variable "location" {
  description = "Azure region of the firewall and of the networks it serves, in its short form."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "The location is a region in its short form, such as westeurope."
  }
}

variable "resource_group_name" {
  description = "Resource group of a created firewall and its policy."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "create" {
  description = "Create a firewall. Off, only the rules are added to the policy of an existing one."
  type        = bool
  default     = true
}

variable "subnet_id" {
  description = "Id of the subnet AzureFirewallSubnet, for a created firewall."
  type        = string
  default     = null

  validation {
    condition     = var.subnet_id != null || !var.create
    error_message = "A created firewall needs subnet_id: the id of the hub's subnet AzureFirewallSubnet."
  }
}

variable "existing_policy_id" {
  description = "Id of the policy of an existing firewall, which the rules are added to."
  type        = string
  default     = null

  validation {
    condition     = (var.existing_policy_id != null) != var.create
    error_message = "Give existing_policy_id for an existing firewall, and only then."
  }
}

variable "rule_priority" {
  description = "Priority of the group of rules within the policy."
  type        = number
  default     = 500

  validation {
    condition     = var.rule_priority >= 100 && var.rule_priority <= 65000
    error_message = "The rule_priority is a number from 100 to 65000."
  }
}

variable "compute_ranges" {
  description = "Address ranges of training and scoring."
  type        = list(string)

  validation {
    condition     = length(var.compute_ranges) > 0 && alltrue([for range in var.compute_ranges : can(cidrhost(range, 0))])
    error_message = "The compute_ranges are a list of at least one address range."
  }
}

variable "agent_ranges" {
  description = "Address ranges of the agents."
  type        = list(string)

  validation {
    condition     = length(var.agent_ranges) > 0 && alltrue([for range in var.agent_ranges : can(cidrhost(range, 0))])
    error_message = "The agent_ranges are a list of at least one address range."
  }
}

variable "jump_ranges" {
  description = "Address ranges of the jump host, which reaches what signing in with Entra ID takes."
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.jump_ranges : can(cidrhost(range, 0))])
    error_message = "The jump_ranges are a list of address ranges."
  }
}

variable "package_hosts" {
  description = "Package sources of the distribution, on ports 80 and 443; their packages are signed. Empty where images hold all that agents need."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.package_hosts : can(regex("^(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)+$", host))])
    error_message = "Each of the package_hosts is a host name or begins with *., without scheme, port or path."
  }
}

variable "compute_hosts" {
  description = "Further hosts that training and scoring may reach on port 443, such as a package mirror."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.compute_hosts : can(regex("^(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)+$", host))])
    error_message = "Each of the compute_hosts is a host name or begins with *., without scheme, port or path."
  }
}

variable "agent_hosts" {
  description = "Further hosts that agents may reach on port 443, such as a package mirror."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.agent_hosts : can(regex("^(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)+$", host))])
    error_message = "Each of the agent_hosts is a host name or begins with *., without scheme, port or path."
  }
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

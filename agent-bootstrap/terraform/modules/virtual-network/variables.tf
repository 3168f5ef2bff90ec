variable "name" {
  description = "Name of the virtual network. Subnets, security groups and route tables are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]$", var.name))
    error_message = "The name of a virtual network has 2 to 64 letters, digits, dots, dashes and underscores."
  }
}

variable "existing_id" {
  description = "Id of a virtual network to use instead of creating one, known before the plan. Subnets that have no id are created in it."
  type        = string
  default     = null

  validation {
    condition     = var.existing_id == null || can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/virtualNetworks/[^/]+$", var.existing_id))
    error_message = "The existing_id is the resource id of a virtual network: /subscriptions/…/providers/Microsoft.Network/virtualNetworks/<name>."
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
  description = "Resource group of what is created."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "address_space" {
  description = "Address ranges of the virtual network, also of an existing one: rules and routes are made from them."
  type        = list(string)

  validation {
    condition     = length(var.address_space) > 0 && alltrue([for range in var.address_space : can(cidrhost(range, 0))])
    error_message = "The address_space is a list of at least one range, such as 10.10.0.0/16."
  }
}

variable "dns_servers" {
  description = "Addresses of custom DNS servers of a created network; empty for Azure's own. They must resolve the private zones."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for server in var.dns_servers : can(cidrhost("${server}/32", 0))])
    error_message = "Each of the dns_servers is an IPv4 address."
  }
}

variable "subnets" {
  description = "Subnets by role: range, existing id, name (where Azure asks for one), rules of the security group, route table, NAT gateway."
  type = map(object({
    address_prefix              = string
    id                          = optional(string)
    name                        = optional(string)
    has_security_group          = optional(bool, true)
    network_security_group_id   = optional(string)
    has_route_table             = optional(bool, false)
    route_table_id              = optional(string)
    nat_gateway                 = optional(object({ id = string }))
    service_endpoints           = optional(list(string), [])
    service_endpoint_policy_ids = optional(list(string), [])
    rules = optional(list(object({
      name        = string
      direction   = string
      access      = optional(string, "Allow")
      protocol    = optional(string, "Tcp")
      source      = list(string)
      destination = list(string)
      ports       = list(string)
    })), [])
  }))

  validation {
    condition     = alltrue([for subnet in var.subnets : can(cidrhost(subnet.address_prefix, 0))])
    error_message = "Each subnet has an address_prefix, such as 10.10.1.0/24."
  }

  validation {
    condition = alltrue(flatten([for subnet in var.subnets : [
      for rule in subnet.rules : rule.direction != "Inbound" || rule.access != "Allow" ||
      length(setintersection(rule.source, ["*", "0.0.0.0/0", "::/0", "Internet", "Any"])) == 0
    ]]))
    error_message = "A rule must not allow inbound traffic from everywhere: name the ranges or service tags it comes from."
  }
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

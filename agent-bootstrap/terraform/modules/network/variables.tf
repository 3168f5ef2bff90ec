variable "name_prefix" {
  description = "Beginning of the names of networks, firewall and route tables."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$", var.name_prefix))
    error_message = "The name_prefix has 2 to 40 lower-case letters, digits and dashes."
  }
}

variable "location" {
  description = "Azure region of all networks, in its short form: it is part of service tags."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "The location is a region in its short form, such as westeurope."
  }
}

variable "aml_network" {
  description = "AML VNET: training, scoring, private endpoints. With vnet_id an existing network; a subnet with id is an existing subnet, whose rules stay its owner's."
  type = object({
    vnet_id             = optional(string)
    resource_group_name = string
    address_space       = list(string)
    dns_servers         = optional(list(string), [])
    route_table_id      = optional(string)
    nat_gateway         = optional(object({ id = string }))
    subnets = object({
      training          = object({ address_prefix = string, id = optional(string), network_security_group_id = optional(string) })
      scoring           = object({ address_prefix = string, id = optional(string), network_security_group_id = optional(string) })
      private_endpoints = object({ address_prefix = string, id = optional(string), network_security_group_id = optional(string) })
    })
  })

  validation {
    condition     = length(var.aml_network.address_space) > 0 && alltrue([for range in var.aml_network.address_space : can(cidrhost(range, 0))])
    error_message = "The aml_network has an address_space, such as [\"10.10.0.0/16\"], also when it exists already: rules are made from it."
  }

  validation {
    condition     = alltrue([for subnet in var.aml_network.subnets : can(cidrhost(subnet.address_prefix, 0))])
    error_message = "Each subnet of aml_network has an address_prefix, such as 10.10.1.0/24, also when it exists already."
  }

  validation {
    condition     = var.aml_network.route_table_id == null || can(regex("/providers/Microsoft.Network/routeTables/[^/]+$", var.aml_network.route_table_id))
    error_message = "The route_table_id of aml_network is the resource id of a route table."
  }
}

variable "bastion_network" {
  description = "BASTION VNET: agents, jump host, Azure Bastion. Leave subnets.bastion out where Azure Bastion stands elsewhere, and name its range in ssh_sources."
  type = object({
    vnet_id             = optional(string)
    resource_group_name = string
    address_space       = list(string)
    dns_servers         = optional(list(string), [])
    route_table_id      = optional(string)
    nat_gateway         = optional(object({ id = string }))
    ssh_sources         = optional(list(string), [])
    subnets = object({
      agents  = object({ address_prefix = string, id = optional(string), network_security_group_id = optional(string) })
      jump    = object({ address_prefix = string, id = optional(string), network_security_group_id = optional(string) })
      bastion = optional(object({ address_prefix = string, id = optional(string), network_security_group_id = optional(string) }))
    })
  })

  validation {
    condition     = length(var.bastion_network.address_space) > 0 && alltrue([for range in var.bastion_network.address_space : can(cidrhost(range, 0))])
    error_message = "The bastion_network has an address_space, such as [\"10.20.0.0/16\"], also when it exists already: rules are made from it."
  }

  validation {
    condition     = alltrue([for subnet in values(var.bastion_network.subnets) : subnet == null ? true : can(cidrhost(subnet.address_prefix, 0))])
    error_message = "Each subnet of bastion_network has an address_prefix, such as 10.20.1.0/24, also when it exists already."
  }

  validation {
    condition     = var.bastion_network.route_table_id == null || can(regex("/providers/Microsoft.Network/routeTables/[^/]+$", var.bastion_network.route_table_id))
    error_message = "The route_table_id of bastion_network is the resource id of a route table."
  }

  validation {
    condition = (
      var.firewall != null || var.bastion_network.route_table_id != null || var.bastion_network.nat_gateway != null ||
      (var.bastion_network.subnets.agents.id != null && var.bastion_network.subnets.jump.id != null)
    )
    error_message = "The bastion_network has no way out, and agents need one: give a firewall, or its route_table_id or nat_gateway. Created subnets have no outbound access of their own."
  }

  validation {
    condition     = alltrue([for range in var.bastion_network.ssh_sources : can(cidrhost(range, 0)) && !can(regex("/0$", range))])
    error_message = "Each of the ssh_sources of bastion_network is an address range, and none is everything."
  }
}

variable "bastion_clients" {
  description = "Public address ranges from which people open Azure Bastion; empty where Bastion is private-only or stands elsewhere."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.bastion_clients : can(cidrhost(range, 0)) && !can(regex("/0$", range))])
    error_message = "Each of the bastion_clients is an address range such as 203.0.113.0/24, and none is everything."
  }
}

variable "hub_network" {
  description = "Hub to peer both networks with; null for none. With vnet_id an existing one. peer_from_hub = false leaves the hub's side of the peerings to its owners."
  type = object({
    vnet_id             = optional(string)
    resource_group_name = string
    address_space       = list(string)
    dns_servers         = optional(list(string), [])
    peer_from_hub       = optional(bool, true)
    use_gateway         = optional(bool, false)
    firewall_subnet     = optional(object({ address_prefix = string, id = optional(string) }))
  })
  default = null

  validation {
    condition     = var.hub_network == null || try(length(var.hub_network.address_space) > 0 && alltrue([for range in var.hub_network.address_space : can(cidrhost(range, 0))]), false)
    error_message = "The hub_network has an address_space, such as [\"10.0.0.0/22\"], also when it exists already."
  }

  validation {
    condition     = try(var.hub_network.firewall_subnet, null) == null || can(regex("/2[0-6]$", var.hub_network.firewall_subnet.address_prefix))
    error_message = "The firewall_subnet of hub_network is a range of at least /26, as Azure Firewall asks for."
  }
}

variable "firewall" {
  description = "Way out of the networks: null where a route table or a NAT gateway leads out; {} for a firewall created in the hub; with private_ip_address an existing one, whose policy_id takes the rules when it is given. The package_hosts are where agents and jump host get their libraries from, Ubuntu's by default."
  type = object({
    private_ip_address = optional(string)
    policy_id          = optional(string)
    rule_priority      = optional(number, 500)
    compute_hosts      = optional(list(string), [])
    agent_hosts        = optional(list(string), [])
    package_hosts      = optional(list(string), ["azure.archive.ubuntu.com", "archive.ubuntu.com", "security.ubuntu.com"])
  })
  default = null

  validation {
    condition     = try(var.firewall.private_ip_address, null) == null || can(cidrhost("${var.firewall.private_ip_address}/32", 0))
    error_message = "The private_ip_address of firewall is an IPv4 address."
  }

  validation {
    condition     = try(var.firewall.policy_id, null) == null || can(regex("/providers/Microsoft.Network/firewallPolicies/[^/]+$", var.firewall.policy_id))
    error_message = "The policy_id of firewall is the resource id of a firewall policy."
  }

  validation {
    condition     = var.firewall == null || try(var.firewall.private_ip_address, null) != null || try(var.hub_network.firewall_subnet, null) != null
    error_message = "A firewall needs a place: give its private_ip_address when it exists, or a hub_network with a firewall_subnet to create it in."
  }
}

variable "training_storage_scopes" {
  description = "Ids of the storage accounts, resource groups or subscriptions that training may reach through Azure's storage service endpoint; empty for no such policy. Closes the way out that the service tag Storage leaves open."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.training_storage_scopes : can(regex("^/subscriptions/[^/]+", id))])
    error_message = "Each of the training_storage_scopes is the id of a storage account, a resource group or a subscription."
  }
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

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

variable "hub_subscription_id" {
  description = "Subscription of the hub, its firewall and its private DNS zones."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.hub_subscription_id))
    error_message = "The hub_subscription_id is a GUID."
  }
}

variable "hub_network_id" {
  description = "Id of the hub's virtual network."
  type        = string

  validation {
    condition     = can(regex("/virtualNetworks/[^/]+$", var.hub_network_id))
    error_message = "The hub_network_id is the resource id of a virtual network."
  }
}

variable "hub_address_space" {
  description = "Address ranges of the hub."
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.hub_address_space : can(cidrhost(range, 0))])
    error_message = "The hub_address_space is a list of address ranges."
  }
}

variable "firewall_private_ip_address" {
  description = "Private address of the hub's firewall."
  type        = string

  validation {
    condition     = can(cidrhost("${var.firewall_private_ip_address}/32", 0))
    error_message = "The firewall_private_ip_address is an IPv4 address."
  }
}

variable "dns_servers" {
  description = "Addresses of the bank's DNS servers, which resolve the private zones."
  type        = list(string)

  validation {
    condition     = length(var.dns_servers) > 0 && alltrue([for server in var.dns_servers : can(cidrhost("${server}/32", 0))])
    error_message = "The dns_servers are IPv4 addresses."
  }
}

variable "zone_ids" {
  description = "Ids of the central private DNS zones by service: workspace, notebooks, blob, file, queue, table, dfs, vault, registry."
  type        = map(string)

  validation {
    condition     = length(var.zone_ids) == 9
    error_message = "The zone_ids hold all nine zones."
  }
}

variable "aml_network_id" {
  description = "Id of the virtual network that was set up for Azure Machine Learning."
  type        = string

  validation {
    condition     = can(regex("/virtualNetworks/[^/]+$", var.aml_network_id))
    error_message = "The aml_network_id is the resource id of a virtual network."
  }
}

variable "aml_subnets" {
  description = "Its subnets: id and range of training, scoring and private_endpoints."
  type = object({
    training          = object({ id = string, address_prefix = string })
    scoring           = object({ id = string, address_prefix = string })
    private_endpoints = object({ id = string, address_prefix = string })
  })

  validation {
    condition     = alltrue([for subnet in values(var.aml_subnets) : can(regex("/subnets/[^/]+$", subnet.id))])
    error_message = "Each of the aml_subnets has the resource id of a subnet and its address_prefix."
  }
}

variable "aml_address_space" {
  description = "Address ranges of that virtual network."
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.aml_address_space : can(cidrhost(range, 0))])
    error_message = "The aml_address_space is a list of address ranges."
  }
}

variable "bastion_route_table_id" {
  description = "Id of the route table that the landing zone prescribes."
  type        = string

  validation {
    condition     = can(regex("/routeTables/[^/]+$", var.bastion_route_table_id))
    error_message = "The bastion_route_table_id is the resource id of a route table."
  }
}

variable "central_bastion_range" {
  description = "Address range of the Azure Bastion in the hub."
  type        = string

  validation {
    condition     = can(cidrhost(var.central_bastion_range, 0))
    error_message = "The central_bastion_range is an address range."
  }
}

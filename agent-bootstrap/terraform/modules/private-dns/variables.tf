variable "resource_group_name" {
  description = "Resource group of created zones, in the subscription of the provider that the module is given."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "virtual_networks" {
  description = "Ids of the networks to link every zone to, by a short name; at least the AML VNET and the BASTION VNET."
  type        = map(string)

  validation {
    condition     = length(var.virtual_networks) >= 2
    error_message = "The virtual_networks hold at least two: names must resolve where the workspace is and where the agents are."
  }

  validation {
    condition     = alltrue([for id in var.virtual_networks : can(regex("/virtualNetworks/[^/]+$", id))])
    error_message = "Each of the virtual_networks is the resource id of a virtual network."
  }
}

variable "zone_names" {
  description = "Names of the zones by service; other clouds have other names. Keys stay as they are."
  type = object({
    workspace = optional(string, "privatelink.api.azureml.ms")
    notebooks = optional(string, "privatelink.notebooks.azure.net")
    blob      = optional(string, "privatelink.blob.core.windows.net")
    file      = optional(string, "privatelink.file.core.windows.net")
    queue     = optional(string, "privatelink.queue.core.windows.net")
    table     = optional(string, "privatelink.table.core.windows.net")
    dfs       = optional(string, "privatelink.dfs.core.windows.net")
    vault     = optional(string, "privatelink.vaultcore.azure.net")
    registry  = optional(string, "privatelink.azurecr.io")
  })
  default = {}

  validation {
    condition     = alltrue([for name in values(var.zone_names) : can(regex("^privatelink\\.[a-z0-9.-]+$", name))])
    error_message = "Each of the zone_names begins with privatelink."
  }
}

variable "existing_zone_ids" {
  description = "Ids of zones that exist already, by the same keys as zone_names; all others are created."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.existing_zone_ids : can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/privateDnsZones/[^/]+$", id))])
    error_message = "Each of the existing_zone_ids is the resource id of a private DNS zone."
  }

  validation {
    condition     = length(setsubtract(keys(var.existing_zone_ids), ["workspace", "notebooks", "blob", "file", "queue", "table", "dfs", "vault", "registry"])) == 0
    error_message = "The keys of existing_zone_ids are workspace, notebooks, blob, file, queue, table, dfs, vault and registry."
  }
}

variable "link_existing_zones" {
  description = "Link existing zones too. Off where a central DNS server resolves them and the networks use that server."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

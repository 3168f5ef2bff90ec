variable "location" {
  description = "Azure region of the private endpoints: that of their subnet."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "The location is a region in its short form, such as westeurope."
  }
}

variable "resource_group_name" {
  description = "Resource group of the private endpoints."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "subnet_id" {
  description = "Id of the subnet the private endpoints get their addresses from."
  type        = string

  validation {
    condition     = var.subnet_id != ""
    error_message = "The subnet_id is the resource id of a subnet."
  }
}

variable "endpoints" {
  description = "Private endpoints by name: the resource, the group of it that is reached (blob, vault, …), the zones its names go into."
  type = map(object({
    resource_id = string
    group       = string
    zone_ids    = optional(list(string), [])
  }))

  validation {
    condition     = alltrue([for endpoint in var.endpoints : contains(["amlworkspace", "amlregistry", "blob", "file", "queue", "table", "dfs", "vault", "registry"], endpoint.group)])
    error_message = "The group of an endpoint is amlworkspace, amlregistry, blob, file, queue, table, dfs, vault or registry."
  }
}

variable "dns_records_by_policy" {
  description = "Leave the DNS records to an Azure Policy of the landing zone: no zone group is made, and one that the policy makes is kept."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

variable "name" {
  description = "Name of the workspace; endpoints, identity and monitoring are named after it."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$", var.name))
    error_message = "The name of a workspace has 3 to 33 letters, digits, dashes and underscores."
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
  description = "Resource group of the workspace and of what belongs to it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._()-]{1,90}$", var.resource_group_name))
    error_message = "The name of a resource group has 1 to 90 letters, digits, dots, dashes, underscores and parentheses."
  }
}

variable "storage_account_name" {
  description = "Name of the workspace's storage account, unique in all of Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.storage_account_name))
    error_message = "The name of a storage account has 3 to 24 lower-case letters and digits."
  }
}

variable "storage_replication" {
  description = "Replication of the storage account."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"], var.storage_replication)
    error_message = "The storage_replication is LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS."
  }
}

variable "key_vault_name" {
  description = "Name of the key vault, unique in all of Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$", var.key_vault_name))
    error_message = "The name of a key vault has 3 to 24 letters, digits and dashes, and begins with a letter."
  }
}

variable "container_registry_name" {
  description = "Name of the container registry, unique in all of Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9]{5,50}$", var.container_registry_name))
    error_message = "The name of a container registry has 5 to 50 letters and digits."
  }
}

variable "log_analytics" {
  description = "The Log Analytics workspace that logs go to, by its id; null creates one."
  type        = object({ id = string })
  default     = null

  validation {
    condition     = var.log_analytics == null || can(regex("/providers/Microsoft.OperationalInsights/workspaces/[^/]+$", var.log_analytics.id))
    error_message = "The id of log_analytics is the resource id of a Log Analytics workspace."
  }
}

variable "log_retention_days" {
  description = "How long a created Log Analytics workspace keeps logs, in days."
  type        = number
  default     = 90

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730
    error_message = "The log_retention_days are 30 to 730."
  }
}

variable "private_endpoint_subnet_id" {
  description = "Id of the subnet of the private endpoints."
  type        = string

  validation {
    condition     = var.private_endpoint_subnet_id != ""
    error_message = "The private_endpoint_subnet_id is the resource id of a subnet."
  }
}

variable "zone_ids" {
  description = "Ids of the private DNS zones by service, as the module private-dns gives them; empty with dns_records_by_policy."
  type        = map(string)
  default     = {}

  validation {
    condition     = var.dns_records_by_policy || length(setsubtract(["workspace", "notebooks", "blob", "file", "queue", "table", "dfs", "vault", "registry"], keys(var.zone_ids))) == 0
    error_message = "The zone_ids hold workspace, notebooks, blob, file, queue, table, dfs, vault and registry; without one of them a name resolves to a public address."
  }
}

variable "dns_records_by_policy" {
  description = "Leave the DNS records of private endpoints to an Azure Policy of the landing zone."
  type        = bool
  default     = false
}

variable "isolation_mode" {
  description = "Network of computes and managed endpoints: AllowOnlyApprovedOutbound or AllowInternetOutbound for a network that the workspace manages, Disabled for your own (training_subnet_id)."
  type        = string
  default     = "AllowOnlyApprovedOutbound"

  validation {
    condition     = contains(["AllowOnlyApprovedOutbound", "AllowInternetOutbound", "Disabled"], var.isolation_mode)
    error_message = "The isolation_mode is AllowOnlyApprovedOutbound, AllowInternetOutbound or Disabled."
  }
}

variable "training_subnet_id" {
  description = "Id of the subnet for compute clusters, with isolation_mode Disabled and only then."
  type        = string
  default     = null

  validation {
    condition     = (var.isolation_mode == "Disabled") == (var.training_subnet_id != null)
    error_message = "Give training_subnet_id with isolation_mode Disabled, and only then: a managed network has no subnet of yours."
  }
}

variable "outbound_hosts" {
  description = "Hosts that a managed network may reach, by rule name, such as pypi = \"pypi.org\". Only with AllowOnlyApprovedOutbound; the first one adds an Azure Firewall to the bill."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for host in var.outbound_hosts : can(regex("^(\\*\\.)?[a-z0-9-]+(\\.[a-z0-9-]+)+$", host))])
    error_message = "Each of the outbound_hosts is a host name or begins with *., without scheme, port or path."
  }

  validation {
    condition     = length(var.outbound_hosts) == 0 || var.isolation_mode == "AllowOnlyApprovedOutbound"
    error_message = "The outbound_hosts have an effect only with isolation_mode AllowOnlyApprovedOutbound."
  }
}

variable "outbound_private_endpoints" {
  description = "Further resources that a managed network reaches by private endpoint, by rule name: another storage account, a shared registry."
  type        = map(object({ resource_id = string, group = string }))
  default     = {}

  validation {
    condition     = alltrue([for endpoint in var.outbound_private_endpoints : can(regex("^[A-Za-z]+$", endpoint.group))])
    error_message = "The group of an outbound private endpoint is the resource's sub-resource, such as blob."
  }

  validation {
    condition     = length(var.outbound_private_endpoints) == 0 || var.isolation_mode != "Disabled"
    error_message = "The outbound_private_endpoints belong to a managed network; with isolation_mode Disabled your own network holds them."
  }
}

variable "compute_clusters" {
  description = "Clusters by name. None has a public address or SSH."
  type = map(object({
    vm_size       = optional(string, "Standard_DS3_v2")
    vm_priority   = optional(string, "Dedicated")
    min_nodes     = optional(number, 0)
    max_nodes     = optional(number, 4)
    idle_duration = optional(string, "PT10M")
  }))
  default = { cpu-cluster = {} }

  validation {
    condition     = alltrue([for name, cluster in var.compute_clusters : can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$", name))])
    error_message = "The name of a compute cluster has 3 to 32 letters, digits and dashes, and begins with a letter."
  }

  validation {
    condition     = alltrue([for cluster in var.compute_clusters : contains(["Dedicated", "LowPriority"], cluster.vm_priority)])
    error_message = "The vm_priority of a compute cluster is Dedicated or LowPriority."
  }

  validation {
    condition     = alltrue([for cluster in var.compute_clusters : cluster.min_nodes >= 0 && cluster.max_nodes >= max(cluster.min_nodes, 1)])
    error_message = "A compute cluster has at least one node at most, and no fewer than its min_nodes."
  }

  validation {
    condition     = alltrue([for cluster in var.compute_clusters : can(regex("^PT([0-9]+H)?([0-9]+M)?([0-9]+S)?$", cluster.idle_duration))])
    error_message = "The idle_duration of a compute cluster is an ISO 8601 duration, such as PT10M."
  }
}

variable "image_build" {
  description = "The cluster that builds environment images: ACR Tasks cannot reach a private registry."
  type = object({
    compute_name = optional(string, "image-build")
    vm_size      = optional(string, "Standard_DS3_v2")
    max_nodes    = optional(number, 2)
  })
  default = {}

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$", var.image_build.compute_name)) && !contains(keys(var.compute_clusters), var.image_build.compute_name)
    error_message = "The compute_name of image_build has 3 to 32 letters, digits and dashes, and is none of the compute_clusters."
  }

  validation {
    condition     = var.image_build.max_nodes >= 1
    error_message = "The max_nodes of image_build are at least 1."
  }
}

variable "data_scientists" {
  description = "Object ids of groups that submit jobs, by a short name: AzureML Data Scientist on the workspace, blobs of its storage account."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.data_scientists : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "Each of the data_scientists is the object id (a GUID) of a group."
  }
}

variable "pipelines" {
  description = "Object ids of the service principals or identities behind service connections, by a short name; the same roles as data scientists."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in var.pipelines : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "Each of the pipelines is the object id (a GUID) of a service principal or a managed identity."
  }
}

variable "high_business_impact" {
  description = "Tell the service to collect less diagnostic data of this workspace. Cannot be changed later."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}

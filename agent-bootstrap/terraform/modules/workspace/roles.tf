# The workspace's own identity is given its roles on storage, vault and registry by the service; these are what it lacks.

# https://learn.microsoft.com/azure/machine-learning/how-to-managed-network: the endpoints of a managed network are
# approved with this identity.
resource "azurerm_role_assignment" "workspace_approves_endpoints" {
  for_each = local.is_managed_network ? local.dependencies : {}

  scope                = each.value
  role_definition_name = "Azure AI Enterprise Network Connection Approver"
  principal_id         = azurerm_machine_learning_workspace.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

# https://learn.microsoft.com/azure/machine-learning/how-to-enable-studio-virtual-network: the studio shows data only
# when the workspace may read the endpoints it comes through.
resource "azurerm_role_assignment" "workspace_reads_endpoints" {
  for_each = toset(["blob", "file"])

  scope                = module.private_endpoints.ids["${var.name}-${each.key}"]
  role_definition_name = "Reader"
  principal_id         = azurerm_machine_learning_workspace.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "compute" {
  for_each = {
    "AcrPull"                       = azurerm_container_registry.this.id
    "Storage Blob Data Contributor" = azurerm_storage_account.this.id
  }

  scope                = each.value
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.compute.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "image_build" {
  for_each = {
    "AcrPull"                       = azurerm_container_registry.this.id
    "AcrPush"                       = azurerm_container_registry.this.id
    "Storage Blob Data Contributor" = azurerm_storage_account.this.id
  }

  scope                = each.value
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.image_build.principal_id
  principal_type       = "ServicePrincipal"
}

locals {
  people_and_pipelines = merge(
    { for name, id in var.data_scientists : "group-${name}" => { id = id, type = "Group" } },
    { for name, id in var.pipelines : "pipeline-${name}" => { id = id, type = "ServicePrincipal" } },
  )
}

resource "azurerm_role_assignment" "submits_jobs" {
  for_each = local.people_and_pipelines

  scope                = azurerm_machine_learning_workspace.this.id
  role_definition_name = "AzureML Data Scientist"
  principal_id         = each.value.id
  principal_type       = each.value.type
}

# Code and data are uploaded by whoever submits: there is no account key to do it with.
resource "azurerm_role_assignment" "uploads" {
  for_each = local.people_and_pipelines

  scope                = azurerm_storage_account.this.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = each.value.id
  principal_type       = each.value.type
}

output "id" {
  description = "Id of the workspace."
  value       = azurerm_machine_learning_workspace.this.id
}

output "name" {
  description = "Name of the workspace."
  value       = azurerm_machine_learning_workspace.this.name
}

output "storage_account_id" {
  description = "Id of the storage account."
  value       = azurerm_storage_account.this.id
}

output "key_vault_id" {
  description = "Id of the key vault."
  value       = azurerm_key_vault.this.id
}

output "container_registry_id" {
  description = "Id of the container registry."
  value       = azurerm_container_registry.this.id
}

output "log_analytics_workspace_id" {
  description = "Id of the Log Analytics workspace that logs go to."
  value       = local.log_analytics_workspace_id
}

output "compute_identity" {
  description = "The identity jobs run with: id, client_id and principal_id."
  value = {
    id           = azurerm_user_assigned_identity.compute.id
    client_id    = azurerm_user_assigned_identity.compute.client_id
    principal_id = azurerm_user_assigned_identity.compute.principal_id
  }
}

output "private_endpoint_ids" {
  description = "Ids of the private endpoints by name."
  value       = module.private_endpoints.ids
}

output "private_hosts" {
  description = "Public names that agents must find at private addresses, for their self-test."
  value = [
    "${azurerm_machine_learning_workspace.this.workspace_id}.workspace.${var.location}.api.azureml.ms",
    "${azurerm_storage_account.this.name}.blob.core.windows.net",
    "${azurerm_storage_account.this.name}.file.core.windows.net",
    "${azurerm_storage_account.this.name}.queue.core.windows.net",
    "${azurerm_storage_account.this.name}.table.core.windows.net",
    "${azurerm_storage_account.this.name}.dfs.core.windows.net",
    "${azurerm_key_vault.this.name}.vault.azure.net",
    "${azurerm_container_registry.this.name}.azurecr.io",
  ]

  # An agent that looks for them earlier finds public addresses, and does not register.
  depends_on = [module.private_endpoints]
}

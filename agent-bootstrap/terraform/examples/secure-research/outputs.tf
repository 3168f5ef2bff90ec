output "agent_identity_principal_id" {
  description = "Object id of the agents' identity: make it administrator of the pool with the pool tool."
  value       = module.review_agents.identity.principal_id
}

output "review_identity_client_id" {
  description = "Client id of the identity for the release pipeline's service connection (workload identity federation)."
  value       = azurerm_user_assigned_identity.review.client_id
}

output "export_requests_url" {
  description = "Where jobs put what should leave."
  value       = "https://${azurerm_storage_account.private.name}.blob.core.windows.net/export-requests"
}

output "released_url" {
  description = "Where recipients find what was released."
  value       = "https://${azurerm_storage_account.public.name}.blob.core.windows.net/released"
}

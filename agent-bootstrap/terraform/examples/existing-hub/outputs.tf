output "agent_identity_principal_id" {
  description = "Object id of the agents' identity: make it administrator of the pool with the pool tool."
  value       = module.agents.identity.principal_id
}

output "workspace_id" {
  description = "Id of the workspace."
  value       = module.workspace.id
}

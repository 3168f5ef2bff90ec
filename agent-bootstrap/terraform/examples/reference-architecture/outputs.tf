output "agent_identity_principal_id" {
  description = "Object id of the agents' identity: make it administrator of the pool with the pool tool."
  value       = module.agents.identity.principal_id
}

output "agent_name_prefix" {
  description = "What the agents' names begin with, for the pool tool."
  value       = module.agents.agent_name_prefix
}

output "scale_set_id" {
  description = "Id of the scale set for an elastic pool, or null."
  value       = one(module.elastic_agents[*].id)
}

output "workspace_id" {
  description = "Id of the workspace."
  value       = module.workspace.id
}

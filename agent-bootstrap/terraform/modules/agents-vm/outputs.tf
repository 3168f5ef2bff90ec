output "agent_names" {
  description = "Names of the machines and of their agents."
  value       = local.names
}

output "agent_name_prefix" {
  description = "What all agents' names begin with, for waiting on them and for removing the ones left behind."
  value       = "${var.name_prefix}-"
}

output "identity" {
  description = "The identity the agents register with: id, client_id and principal_id. It must be administrator of the pool."
  value       = local.identity
}

output "user_data" {
  description = "What cloud-init is given, as text."
  value       = module.user_data.user_data
}

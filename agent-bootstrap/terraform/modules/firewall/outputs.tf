output "private_ip_address" {
  description = "Private address of a created firewall, which routes point to, else null."
  value       = var.create ? azurerm_firewall.this[0].ip_configuration[0].private_ip_address : null
}

output "policy_id" {
  description = "Id of the policy that holds the rules."
  value       = local.policy_id
}

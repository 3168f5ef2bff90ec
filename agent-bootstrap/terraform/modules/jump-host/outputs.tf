output "id" {
  description = "Id of the jump host, which Azure Bastion connects to."
  value       = azurerm_linux_virtual_machine.this.id
}

output "private_ip_address" {
  description = "Private address of the jump host."
  value       = azurerm_linux_virtual_machine.this.private_ip_address
}

output "bastion_id" {
  description = "Id of the created Azure Bastion, or null."
  value       = one(azurerm_bastion_host.this[*].id)
}

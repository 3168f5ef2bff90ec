output "id" {
  description = "Id of the scale set, which the pool tool makes an elastic pool of."
  value       = azurerm_linux_virtual_machine_scale_set.this.id
}

output "user_data" {
  description = "What cloud-init is given, as text."
  value       = module.user_data.user_data
}

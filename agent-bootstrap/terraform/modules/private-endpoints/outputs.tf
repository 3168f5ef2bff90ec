output "ids" {
  description = "Ids of the private endpoints by name."
  value = merge(
    { for name, endpoint in azurerm_private_endpoint.with_records : name => endpoint.id },
    { for name, endpoint in azurerm_private_endpoint.records_by_policy : name => endpoint.id },
  )
}

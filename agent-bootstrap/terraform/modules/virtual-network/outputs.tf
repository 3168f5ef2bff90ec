output "id" {
  description = "Id of the virtual network."
  value       = local.id
}

output "name" {
  description = "Name of the virtual network."
  value       = local.name
}

output "resource_group_name" {
  description = "Resource group the virtual network is in."
  value       = local.resource_group_name
}

output "subnet_ids" {
  description = "Ids of the subnets by role, once their rules and routes are in force."
  value       = { for role, subnet in var.subnets : role => subnet.id != null ? subnet.id : azurerm_subnet.this[role].id }

  # Whatever is put into a subnet must find it closed.
  depends_on = [
    azurerm_subnet_network_security_group_association.this,
    azurerm_subnet_route_table_association.this,
    azurerm_subnet_nat_gateway_association.this,
  ]
}

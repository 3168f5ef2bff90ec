output "zone_ids" {
  description = "Ids of all zones, created or existing, by service."
  value = merge(
    { for service, zone in azurerm_private_dns_zone.this : service => zone.id },
    var.existing_zone_ids,
  )

  # A private endpoint whose zone is not linked yet is found at its public address.
  depends_on = [azurerm_private_dns_zone_virtual_network_link.this]
}

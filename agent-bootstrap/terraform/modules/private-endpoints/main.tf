resource "azurerm_private_endpoint" "with_records" {
  for_each = { for name, endpoint in var.endpoints : name => endpoint if !var.dns_records_by_policy }

  name                          = "pe-${each.key}"
  custom_network_interface_name = "nic-pe-${each.key}"
  location                      = var.location
  resource_group_name           = var.resource_group_name
  subnet_id                     = var.subnet_id
  tags                          = var.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.resource_id
    subresource_names              = [each.value.group]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = each.value.zone_ids
  }
}

# The same, but what the policy adds later is not taken for a difference.
resource "azurerm_private_endpoint" "records_by_policy" {
  for_each = { for name, endpoint in var.endpoints : name => endpoint if var.dns_records_by_policy }

  name                          = "pe-${each.key}"
  custom_network_interface_name = "nic-pe-${each.key}"
  location                      = var.location
  resource_group_name           = var.resource_group_name
  subnet_id                     = var.subnet_id
  tags                          = var.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.resource_id
    subresource_names              = [each.value.group]
    is_manual_connection           = false
  }

  lifecycle {
    ignore_changes = [private_dns_zone_group]
  }
}

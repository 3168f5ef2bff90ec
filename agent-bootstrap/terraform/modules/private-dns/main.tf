locals {
  created_zones = { for service, name in var.zone_names : service => name if !contains(keys(var.existing_zone_ids), service) }

  # A link belongs to its zone: it is made in the zone's subscription and resource group.
  zones = merge(
    { for service, name in local.created_zones : service => {
      name                = azurerm_private_dns_zone.this[service].name
      resource_group_name = var.resource_group_name
    } },
    { for service, id in var.existing_zone_ids : service => {
      name                = split("/", id)[8]
      resource_group_name = split("/", id)[4]
    } if var.link_existing_zones },
  )

  linked_services = concat(keys(local.created_zones), var.link_existing_zones ? keys(var.existing_zone_ids) : [])
  links = { for pair in setproduct(local.linked_services, keys(var.virtual_networks)) :
    "${pair[0]}-${pair[1]}" => { service = pair[0], network = pair[1] }
  }
}

resource "azurerm_private_dns_zone" "this" {
  for_each = local.created_zones

  name                = each.value
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each = local.links

  name                  = "link-${each.value.network}"
  private_dns_zone_name = local.zones[each.value.service].name
  resource_group_name   = local.zones[each.value.service].resource_group_name
  virtual_network_id    = var.virtual_networks[each.value.network]
  registration_enabled  = false
  tags                  = var.tags
}

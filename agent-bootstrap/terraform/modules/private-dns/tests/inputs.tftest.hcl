# Every zone is linked to every network.

# No credentials, no service.
mock_provider "azurerm" {}

variables {
  resource_group_name = "rg-dns"
  virtual_networks = {
    aml     = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet-aml"
    bastion = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet-bastion"
  }
}

run "links_all_zones_to_all_networks" {
  command = plan

  assert {
    condition     = length(azurerm_private_dns_zone.this) == 9 && length(azurerm_private_dns_zone_virtual_network_link.this) == 9 * length(var.virtual_networks)
    error_message = "A zone is not linked to a network."
  }
}

run "links_zones_that_exist_where_they_are" {
  command = plan

  variables {
    existing_zone_ids = { blob = "/subscriptions/hub/resourceGroups/rg-hub/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net" }
  }

  assert {
    condition     = length(azurerm_private_dns_zone.this) == 8 && azurerm_private_dns_zone_virtual_network_link.this["blob-bastion"].resource_group_name == "rg-hub"
    error_message = "The existing zone is created anew or linked elsewhere."
  }
}

run "leaves_links_to_others" {
  command = plan

  variables {
    existing_zone_ids   = { blob = "/subscriptions/hub/resourceGroups/rg-hub/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net" }
    link_existing_zones = false
  }

  assert {
    condition     = length(azurerm_private_dns_zone_virtual_network_link.this) == 16
    error_message = "The existing zone is linked although its owners do that."
  }
}

run "knows_other_clouds" {
  command = plan

  variables {
    zone_names = { blob = "privatelink.blob.core.usgovcloudapi.net" }
  }

  assert {
    condition     = azurerm_private_dns_zone.this["blob"].name == "privatelink.blob.core.usgovcloudapi.net"
    error_message = "The name of the zone is not the given one."
  }
}

run "refuses_one_network_alone" {
  command = plan

  variables {
    virtual_networks = { aml = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet-aml" }
  }

  expect_failures = [var.virtual_networks]
}

run "refuses_unknown_zones" {
  command = plan

  variables {
    existing_zone_ids = { blobs = "/subscriptions/hub/resourceGroups/rg-hub/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net" }
  }

  expect_failures = [var.existing_zone_ids]
}

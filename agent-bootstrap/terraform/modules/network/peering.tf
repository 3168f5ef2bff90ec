# A peering carries traffic only when it stands on both sides, and each side belongs to its network's subscription.

resource "azurerm_virtual_network_peering" "aml_to_bastion" {
  provider = azurerm.aml

  name                         = "aml-to-bastion"
  resource_group_name          = module.aml.resource_group_name
  virtual_network_name         = module.aml.name
  remote_virtual_network_id    = module.bastion.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
}

resource "azurerm_virtual_network_peering" "bastion_to_aml" {
  provider = azurerm.bastion

  name                         = "bastion-to-aml"
  resource_group_name          = module.bastion.resource_group_name
  virtual_network_name         = module.bastion.name
  remote_virtual_network_id    = module.aml.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
}

resource "azurerm_virtual_network_peering" "aml_to_hub" {
  provider = azurerm.aml
  count    = local.has_hub ? 1 : 0

  name                         = "aml-to-hub"
  resource_group_name          = module.aml.resource_group_name
  virtual_network_name         = module.aml.name
  remote_virtual_network_id    = module.hub[0].id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  use_remote_gateways          = var.hub_network.use_gateway
}

resource "azurerm_virtual_network_peering" "bastion_to_hub" {
  provider = azurerm.bastion
  count    = local.has_hub ? 1 : 0

  name                         = "bastion-to-hub"
  resource_group_name          = module.bastion.resource_group_name
  virtual_network_name         = module.bastion.name
  remote_virtual_network_id    = module.hub[0].id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  use_remote_gateways          = var.hub_network.use_gateway
}

resource "azurerm_virtual_network_peering" "hub_to_aml" {
  provider = azurerm.hub
  count    = local.has_hub && try(var.hub_network.peer_from_hub, false) ? 1 : 0

  name                         = "hub-to-${var.name_prefix}-aml"
  resource_group_name          = module.hub[0].resource_group_name
  virtual_network_name         = module.hub[0].name
  remote_virtual_network_id    = module.aml.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = var.hub_network.use_gateway
}

resource "azurerm_virtual_network_peering" "hub_to_bastion" {
  provider = azurerm.hub
  count    = local.has_hub && try(var.hub_network.peer_from_hub, false) ? 1 : 0

  name                         = "hub-to-${var.name_prefix}-bastion"
  resource_group_name          = module.hub[0].resource_group_name
  virtual_network_name         = module.hub[0].name
  remote_virtual_network_id    = module.bastion.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = var.hub_network.use_gateway
}

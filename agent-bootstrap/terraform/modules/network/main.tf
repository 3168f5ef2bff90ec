locals {
  # Known before anything is created, unlike the addresses and ids that follow from it.
  has_hub                    = var.hub_network != null
  has_firewall               = var.firewall != null
  creates_firewall           = local.has_firewall && try(var.firewall.private_ip_address, null) == null
  adds_firewall_rules        = local.creates_firewall || try(var.firewall.policy_id, null) != null
  firewall_address           = local.creates_firewall ? module.firewall[0].private_ip_address : try(var.firewall.private_ip_address, null)
  creates_aml_route          = local.has_firewall && var.aml_network.route_table_id == null
  creates_bastion_route      = local.has_firewall && var.bastion_network.route_table_id == null
  aml_has_route              = local.has_firewall || var.aml_network.route_table_id != null
  bastion_has_route          = local.has_firewall || var.bastion_network.route_table_id != null
  aml_route_table_id         = local.creates_aml_route ? azurerm_route_table.aml[0].id : var.aml_network.route_table_id
  bastion_route_table_id     = local.creates_bastion_route ? azurerm_route_table.bastion[0].id : var.bastion_network.route_table_id
  restricts_training_storage = length(var.training_storage_scopes) > 0
}

module "aml" {
  source    = "../virtual-network"
  providers = { azurerm = azurerm.aml }

  name                = "vnet-${var.name_prefix}-aml"
  existing_id         = var.aml_network.vnet_id
  location            = var.location
  resource_group_name = var.aml_network.resource_group_name
  address_space       = var.aml_network.address_space
  dns_servers         = var.aml_network.dns_servers
  tags                = var.tags

  subnets = {
    training = merge(var.aml_network.subnets.training, {
      name                        = "training"
      rules                       = local.training_rules
      has_route_table             = local.aml_has_route
      route_table_id              = local.aml_route_table_id
      nat_gateway                 = var.aml_network.nat_gateway
      service_endpoints           = local.restricts_training_storage ? ["Microsoft.Storage"] : []
      service_endpoint_policy_ids = azurerm_subnet_service_endpoint_storage_policy.training[*].id
    })
    scoring = merge(var.aml_network.subnets.scoring, {
      name            = "scoring"
      rules           = local.scoring_rules
      nat_gateway     = var.aml_network.nat_gateway
      has_route_table = local.aml_has_route
      route_table_id  = local.aml_route_table_id
    })
    private_endpoints = merge(var.aml_network.subnets.private_endpoints, {
      name  = "private-endpoints"
      rules = local.private_endpoint_rules
    })
  }
}

module "bastion" {
  source    = "../virtual-network"
  providers = { azurerm = azurerm.bastion }

  name                = "vnet-${var.name_prefix}-bastion"
  existing_id         = var.bastion_network.vnet_id
  location            = var.location
  resource_group_name = var.bastion_network.resource_group_name
  address_space       = var.bastion_network.address_space
  dns_servers         = var.bastion_network.dns_servers
  tags                = var.tags

  subnets = merge(
    {
      agents = merge(var.bastion_network.subnets.agents, {
        name            = "agents"
        rules           = local.agents_rules
        nat_gateway     = var.bastion_network.nat_gateway
        has_route_table = local.bastion_has_route
        route_table_id  = local.bastion_route_table_id
      })
      jump = merge(var.bastion_network.subnets.jump, {
        name            = "jump"
        rules           = local.jump_rules
        nat_gateway     = var.bastion_network.nat_gateway
        has_route_table = local.bastion_has_route
        route_table_id  = local.bastion_route_table_id
      })
    },
    # Azure Bastion does not accept a route table.
    { for role in ["bastion"] : role => merge(var.bastion_network.subnets.bastion, {
      name  = "AzureBastionSubnet"
      rules = local.bastion_rules
    }) if var.bastion_network.subnets.bastion != null },
  )
}

module "hub" {
  source    = "../virtual-network"
  count     = local.has_hub ? 1 : 0
  providers = { azurerm = azurerm.hub }

  name                = "vnet-${var.name_prefix}-hub"
  existing_id         = var.hub_network.vnet_id
  location            = var.location
  resource_group_name = var.hub_network.resource_group_name
  address_space       = var.hub_network.address_space
  dns_servers         = var.hub_network.dns_servers
  tags                = var.tags

  subnets = { for role in ["firewall"] : role => merge(var.hub_network.firewall_subnet, {
    name               = "AzureFirewallSubnet"
    has_security_group = false
  }) if var.hub_network.firewall_subnet != null }
}

module "firewall" {
  source    = "../firewall"
  count     = local.adds_firewall_rules ? 1 : 0
  providers = { azurerm = azurerm.hub }

  name                = "afw-${var.name_prefix}"
  location            = var.location
  resource_group_name = local.has_hub ? var.hub_network.resource_group_name : split("/", var.firewall.policy_id)[4]
  create              = local.creates_firewall
  subnet_id           = local.creates_firewall ? module.hub[0].subnet_ids["firewall"] : null
  existing_policy_id  = var.firewall.policy_id
  rule_priority       = var.firewall.rule_priority
  compute_ranges      = [local.training_range, local.scoring_range]
  agent_ranges        = [local.agents_range]
  jump_ranges         = [local.jump_range]
  package_hosts       = var.firewall.package_hosts
  compute_hosts       = var.firewall.compute_hosts
  agent_hosts         = var.firewall.agent_hosts
  tags                = var.tags
}

resource "azurerm_route_table" "aml" {
  provider = azurerm.aml
  count    = local.creates_aml_route ? 1 : 0

  name                          = "rt-${var.name_prefix}-aml"
  location                      = var.location
  resource_group_name           = var.aml_network.resource_group_name
  bgp_route_propagation_enabled = false
  tags                          = var.tags

  route {
    name                   = "everything-through-firewall"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = local.firewall_address
  }
}

resource "azurerm_route_table" "bastion" {
  provider = azurerm.bastion
  count    = local.creates_bastion_route ? 1 : 0

  name                          = "rt-${var.name_prefix}-bastion"
  location                      = var.location
  resource_group_name           = var.bastion_network.resource_group_name
  bgp_route_propagation_enabled = false
  tags                          = var.tags

  route {
    name                   = "everything-through-firewall"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = local.firewall_address
  }
}

# https://learn.microsoft.com/azure/machine-learning/how-to-prevent-data-loss-exfiltration
resource "azurerm_subnet_service_endpoint_storage_policy" "training" {
  provider = azurerm.aml
  count    = local.restricts_training_storage ? 1 : 0

  name                = "sep-${var.name_prefix}-training"
  location            = var.location
  resource_group_name = var.aml_network.resource_group_name
  tags                = var.tags

  definition {
    name              = "own-storage"
    service           = "Microsoft.Storage"
    service_resources = var.training_storage_scopes
  }

  definition {
    name              = "machine-learning"
    service           = "Global"
    service_resources = ["/services/Azure/MachineLearning"]
  }
}

# What a bank usually finds: hub, firewall, DNS zones, DNS servers and Azure Bastion belong to another team and another
# subscription, and so do the network and the subnets of Azure Machine Learning. Only the agents' network is made here.

locals {
  prefix = "${var.name}-${var.suffix}"
  tags   = { workload = "secure-mlops" }
}

resource "azurerm_resource_group" "this" {
  name     = "rg-${local.prefix}"
  location = var.location
  tags     = local.tags
}

module "network" {
  source = "../../modules/network"
  providers = {
    azurerm.aml     = azurerm
    azurerm.bastion = azurerm
    azurerm.hub     = azurerm.hub
  }

  name_prefix = local.prefix
  location    = var.location
  tags        = local.tags

  aml_network = {
    vnet_id             = var.aml_network_id
    resource_group_name = azurerm_resource_group.this.name
    address_space       = var.aml_address_space
    # The routes of existing subnets are their owner's.
    route_table_id = var.bastion_route_table_id
    dns_servers    = var.dns_servers
    subnets        = var.aml_subnets
  }

  bastion_network = {
    resource_group_name = azurerm_resource_group.this.name
    address_space       = ["10.20.0.0/16"]
    dns_servers         = var.dns_servers
    route_table_id      = var.bastion_route_table_id
    ssh_sources         = [var.central_bastion_range]
    subnets = {
      agents = { address_prefix = "10.20.0.0/24" }
      jump   = { address_prefix = "10.20.1.0/27" }
    }
  }

  # The hub's owners make their side of the peerings, and open their firewall for what docs/firewall.md lists.
  hub_network = {
    vnet_id             = var.hub_network_id
    resource_group_name = split("/", var.hub_network_id)[4]
    address_space       = var.hub_address_space
    peer_from_hub       = false
  }
  firewall = { private_ip_address = var.firewall_private_ip_address }
}

# The zones are there; what is missing are their links.
module "private_dns" {
  source    = "../../modules/private-dns"
  providers = { azurerm = azurerm.hub }

  resource_group_name = split("/", var.zone_ids["workspace"])[4]
  virtual_networks    = { aml = module.network.virtual_network_ids["aml"], bastion = module.network.virtual_network_ids["bastion"] }
  existing_zone_ids   = var.zone_ids
}

module "workspace" {
  source = "../../modules/workspace"

  name                       = "mlw-${local.prefix}"
  location                   = var.location
  resource_group_name        = azurerm_resource_group.this.name
  storage_account_name       = "st${var.name}${var.suffix}"
  key_vault_name             = "kv-${local.prefix}"
  container_registry_name    = "cr${var.name}${var.suffix}"
  private_endpoint_subnet_id = module.network.subnet_ids["private_endpoints"]
  isolation_mode             = "Disabled"
  training_subnet_id         = module.network.subnet_ids["training"]
  zone_ids                   = module.private_dns.zone_ids
  tags                       = local.tags
}

module "agents" {
  source = "../../modules/agents-vm"

  name_prefix          = "agent-${var.name}"
  location             = var.location
  resource_group_name  = azurerm_resource_group.this.name
  subnet_id            = module.network.subnet_ids["agents"]
  organization_url     = var.organization_url
  pool                 = var.pool
  private_hosts        = module.workspace.private_hosts
  admin_ssh_public_key = var.admin_ssh_public_key
  tags                 = local.tags
}

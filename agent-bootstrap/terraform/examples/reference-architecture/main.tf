# AML VNET and BASTION VNET, peered; a hub with a firewall as the only way out; agents that register by their identity.

locals {
  prefix = "${var.name}-${var.suffix}"
  tags   = { workload = "secure-mlops" }
}

resource "azurerm_resource_group" "this" {
  for_each = toset(["aml", "bastion", "hub"])

  name     = "rg-${local.prefix}-${each.key}"
  location = var.location
  tags     = local.tags
}

module "network" {
  source = "../../modules/network"
  providers = {
    azurerm.aml     = azurerm
    azurerm.bastion = azurerm
    azurerm.hub     = azurerm
  }

  name_prefix     = local.prefix
  location        = var.location
  bastion_clients = var.bastion_clients
  firewall        = {}
  tags            = local.tags

  aml_network = {
    resource_group_name = azurerm_resource_group.this["aml"].name
    address_space       = ["10.10.0.0/16"]
    subnets = {
      training          = { address_prefix = "10.10.0.0/22" }
      scoring           = { address_prefix = "10.10.4.0/22" }
      private_endpoints = { address_prefix = "10.10.8.0/24" }
    }
  }

  bastion_network = {
    resource_group_name = azurerm_resource_group.this["bastion"].name
    address_space       = ["10.20.0.0/16"]
    subnets = {
      agents  = { address_prefix = "10.20.0.0/24" }
      jump    = { address_prefix = "10.20.1.0/27" }
      bastion = { address_prefix = "10.20.2.0/26" }
    }
  }

  hub_network = {
    resource_group_name = azurerm_resource_group.this["hub"].name
    address_space       = ["10.0.0.0/22"]
    firewall_subnet     = { address_prefix = "10.0.0.0/26" }
  }
}

module "private_dns" {
  source = "../../modules/private-dns"

  resource_group_name = azurerm_resource_group.this["hub"].name
  virtual_networks    = module.network.virtual_network_ids
  tags                = local.tags
}

module "workspace" {
  source = "../../modules/workspace"

  name                       = "mlw-${local.prefix}"
  location                   = var.location
  resource_group_name        = azurerm_resource_group.this["aml"].name
  storage_account_name       = "st${var.name}${var.suffix}"
  key_vault_name             = "kv-${local.prefix}"
  container_registry_name    = "cr${var.name}${var.suffix}"
  private_endpoint_subnet_id = module.network.subnet_ids["private_endpoints"]
  zone_ids                   = module.private_dns.zone_ids
  data_scientists            = var.data_scientists
  pipelines                  = var.pipelines
  tags                       = local.tags
}

module "agents" {
  source = "../../modules/agents-vm"

  name_prefix          = "agent-${var.name}"
  location             = var.location
  resource_group_name  = azurerm_resource_group.this["bastion"].name
  subnet_id            = module.network.subnet_ids["agents"]
  agent_count          = var.agent_count
  organization_url     = var.organization_url
  pool                 = var.pool
  private_hosts        = module.workspace.private_hosts
  admin_ssh_public_key = var.admin_ssh_public_key
  tags                 = local.tags
}

module "elastic_agents" {
  source = "../../modules/agents-scale-set"
  count  = var.scale_set ? 1 : 0

  name_prefix          = "elastic-${var.name}"
  location             = var.location
  resource_group_name  = azurerm_resource_group.this["bastion"].name
  subnet_id            = module.network.subnet_ids["agents"]
  admin_ssh_public_key = var.admin_ssh_public_key
  tags                 = local.tags
}

module "jump_host" {
  source = "../../modules/jump-host"

  name_prefix          = local.prefix
  location             = var.location
  resource_group_name  = azurerm_resource_group.this["bastion"].name
  subnet_id            = module.network.subnet_ids["jump"]
  bastion              = { subnet_id = module.network.subnet_ids["bastion"] }
  admin_ssh_public_key = var.admin_ssh_public_key
  users                = var.data_scientists
  tags                 = local.tags
}

# A secure research environment: researchers work on sensitive data behind Azure Bastion, and nothing leaves but through
# a review. Its way out is data, not a network:
#
#   private account, container "export-requests"   researchers' jobs write here what should leave
#        │  agents of the pool "review" read it, a person approves the manifest (AmlReviewExport)
#        ▼
#   public account, container "released"           the review's identity writes here; recipients read, from known addresses

locals {
  prefix = "${var.name}-${var.suffix}"
  tags   = { workload = "secure-research" }
}

resource "azurerm_resource_group" "this" {
  for_each = toset(["research", "bastion", "hub", "release"])

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

  name_prefix = local.prefix
  location    = var.location
  firewall    = {}
  tags        = local.tags

  # Training may use storage accounts of this environment and no others.
  training_storage_scopes = [azurerm_resource_group.this["research"].id]

  aml_network = {
    resource_group_name = azurerm_resource_group.this["research"].name
    address_space       = ["10.30.0.0/16"]
    subnets = {
      training          = { address_prefix = "10.30.0.0/22" }
      scoring           = { address_prefix = "10.30.4.0/22" }
      private_endpoints = { address_prefix = "10.30.8.0/24" }
    }
  }

  bastion_network = {
    resource_group_name = azurerm_resource_group.this["bastion"].name
    address_space       = ["10.40.0.0/16"]
    subnets = {
      agents  = { address_prefix = "10.40.0.0/24" }
      jump    = { address_prefix = "10.40.1.0/27" }
      bastion = { address_prefix = "10.40.2.0/26" }
    }
  }

  hub_network = {
    resource_group_name = azurerm_resource_group.this["hub"].name
    address_space       = ["10.1.0.0/22"]
    firewall_subnet     = { address_prefix = "10.1.0.0/26" }
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
  resource_group_name        = azurerm_resource_group.this["research"].name
  storage_account_name       = "st${var.name}${var.suffix}"
  key_vault_name             = "kv-${local.prefix}"
  container_registry_name    = "cr${var.name}${var.suffix}"
  private_endpoint_subnet_id = module.network.subnet_ids["private_endpoints"]
  isolation_mode             = "Disabled"
  training_subnet_id         = module.network.subnet_ids["training"]
  zone_ids                   = module.private_dns.zone_ids
  data_scientists            = var.researchers
  high_business_impact       = true
  tags                       = local.tags
}

module "review_agents" {
  source = "../../modules/agents-vm"

  name_prefix          = "review-${var.name}"
  location             = var.location
  resource_group_name  = azurerm_resource_group.this["bastion"].name
  subnet_id            = module.network.subnet_ids["agents"]
  organization_url     = var.organization_url
  pool                 = var.pool
  private_hosts        = concat(module.workspace.private_hosts, ["${azurerm_storage_account.private.name}.blob.core.windows.net"])
  admin_ssh_public_key = var.admin_ssh_public_key
  tags                 = local.tags
}

module "jump_host" {
  source = "../../modules/jump-host"

  name_prefix          = local.prefix
  location             = var.location
  resource_group_name  = azurerm_resource_group.this["bastion"].name
  subnet_id            = module.network.subnet_ids["jump"]
  bastion              = { subnet_id = module.network.subnet_ids["bastion"], private_only = true }
  admin_ssh_public_key = var.admin_ssh_public_key
  users                = var.researchers
  tags                 = local.tags
}

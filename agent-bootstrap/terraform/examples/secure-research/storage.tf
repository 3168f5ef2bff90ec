# The sensitive data and the requests to export some of it.
resource "azurerm_storage_account" "private" {
  name                            = "stdata${var.name}${var.suffix}"
  location                        = var.location
  resource_group_name             = azurerm_resource_group.this["research"].name
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  min_tls_version                 = "TLS1_2"
  public_network_access_enabled   = false
  shared_access_key_enabled       = false
  allow_nested_items_to_be_public = false
  default_to_oauth_authentication = true
  allowed_copy_scope              = "PrivateLink"
  local_user_enabled              = false
  tags                            = local.tags

  network_rules {
    default_action = "Deny"
    bypass         = ["None"]
  }

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 30
    }
  }
}

resource "azurerm_storage_container" "private" {
  for_each = toset(["data", "export-requests"])

  name                  = each.key
  storage_account_id    = azurerm_storage_account.private.id
  container_access_type = "private"
}

module "data_endpoints" {
  source = "../../modules/private-endpoints"

  location            = var.location
  resource_group_name = azurerm_resource_group.this["research"].name
  subnet_id           = module.network.subnet_ids["private_endpoints"]
  tags                = local.tags

  endpoints = { for group in ["blob", "dfs"] : "data-${group}" => {
    resource_id = azurerm_storage_account.private.id
    group       = group
    zone_ids    = [module.private_dns.zone_ids[group]]
  } }
}

# What was released. Open to known addresses only, and to nobody without a role.
resource "azurerm_storage_account" "public" {
  name                            = "strel${var.name}${var.suffix}"
  location                        = var.location
  resource_group_name             = azurerm_resource_group.this["release"].name
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  min_tls_version                 = "TLS1_2"
  public_network_access_enabled   = true
  shared_access_key_enabled       = false
  allow_nested_items_to_be_public = false
  default_to_oauth_authentication = true
  local_user_enabled              = false
  tags                            = local.tags

  network_rules {
    default_action             = "Deny"
    bypass                     = ["None"]
    ip_rules                   = var.recipient_ranges
    virtual_network_subnet_ids = []
  }

  blob_properties {
    versioning_enabled = true
  }
}

resource "azurerm_storage_container" "released" {
  name                  = "released"
  storage_account_id    = azurerm_storage_account.public.id
  container_access_type = "private"
}

# The review writes from inside, by an endpoint; no rule opens the account to the network of the agents.
module "release_endpoint" {
  source = "../../modules/private-endpoints"

  location            = var.location
  resource_group_name = azurerm_resource_group.this["release"].name
  subnet_id           = module.network.subnet_ids["private_endpoints"]
  tags                = local.tags

  endpoints = { release-blob = {
    resource_id = azurerm_storage_account.public.id
    group       = "blob"
    zone_ids    = [module.private_dns.zone_ids["blob"]]
  } }
}

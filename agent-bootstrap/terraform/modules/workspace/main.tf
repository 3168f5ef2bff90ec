locals {
  log_analytics_workspace_id = var.log_analytics != null ? var.log_analytics.id : azurerm_log_analytics_workspace.this[0].id
  is_managed_network         = var.isolation_mode != "Disabled"
  dependencies = {
    storage  = azurerm_storage_account.this.id
    vault    = azurerm_key_vault.this.id
    registry = azurerm_container_registry.this.id
  }
  # By key, so that a missing zone is a clear error of the variable and not of this list.
  zone = { for service in ["workspace", "notebooks", "blob", "file", "queue", "table", "dfs", "vault", "registry"] : service => lookup(var.zone_ids, service, "") }
}

resource "azurerm_machine_learning_workspace" "this" {
  name                          = var.name
  location                      = var.location
  resource_group_name           = var.resource_group_name
  application_insights_id       = azurerm_application_insights.this.id
  key_vault_id                  = azurerm_key_vault.this.id
  storage_account_id            = azurerm_storage_account.this.id
  container_registry_id         = azurerm_container_registry.this.id
  storage_account_access_type   = "Identity"
  public_network_access_enabled = false
  v1_legacy_mode_enabled        = false
  high_business_impact          = var.high_business_impact
  image_build_compute_name      = var.image_build.compute_name
  tags                          = var.tags

  identity {
    type = "SystemAssigned"
  }

  managed_network {
    isolation_mode = var.isolation_mode
  }

  # In a managed network the service places compute without a cluster by itself.
  dynamic "serverless_compute" {
    for_each = local.is_managed_network ? [] : [var.training_subnet_id]

    content {
      subnet_id         = serverless_compute.value
      public_ip_enabled = false
    }
  }
}

module "private_endpoints" {
  source = "../private-endpoints"

  location              = var.location
  resource_group_name   = var.resource_group_name
  subnet_id             = var.private_endpoint_subnet_id
  dns_records_by_policy = var.dns_records_by_policy
  tags                  = var.tags

  endpoints = merge(
    {
      "${var.name}-workspace" = {
        resource_id = azurerm_machine_learning_workspace.this.id
        group       = "amlworkspace"
        zone_ids    = [local.zone.workspace, local.zone.notebooks]
      }
      "${var.name}-vault"    = { resource_id = azurerm_key_vault.this.id, group = "vault", zone_ids = [local.zone.vault] }
      "${var.name}-registry" = { resource_id = azurerm_container_registry.this.id, group = "registry", zone_ids = [local.zone.registry] }
    },
    # Queue and table are what batch endpoints use.
    { for group in ["blob", "file", "queue", "table", "dfs"] : "${var.name}-${group}" => {
      resource_id = azurerm_storage_account.this.id
      group       = group
      zone_ids    = [local.zone[group]]
    } },
  )
}

resource "azurerm_machine_learning_workspace_network_outbound_rule_fqdn" "this" {
  for_each = var.outbound_hosts

  name             = each.key
  workspace_id     = azurerm_machine_learning_workspace.this.id
  destination_fqdn = each.value
}

resource "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint" "this" {
  for_each = var.outbound_private_endpoints

  name                = each.key
  workspace_id        = azurerm_machine_learning_workspace.this.id
  service_resource_id = each.value.resource_id
  sub_resource_target = each.value.group
  spark_enabled       = false

  depends_on = [azurerm_role_assignment.workspace_approves_endpoints]
}

locals {
  logged = {
    workspace = azurerm_machine_learning_workspace.this.id
    vault     = azurerm_key_vault.this.id
    registry  = azurerm_container_registry.this.id
    blob      = "${azurerm_storage_account.this.id}/blobServices/default"
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = local.logged

  name                       = "to-log-analytics"
  target_resource_id         = each.value
  log_analytics_workspace_id = local.log_analytics_workspace_id

  enabled_log {
    category_group = "allLogs"
  }
}

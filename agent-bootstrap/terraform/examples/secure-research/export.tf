# Who may carry data how far. Nobody has a role on both sides but the review.

resource "azurerm_role_assignment" "jobs_read_data" {
  scope                = azurerm_storage_container.private["data"].id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = module.workspace.compute_identity.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "jobs_request_exports" {
  scope                = azurerm_storage_container.private["export-requests"].id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = module.workspace.compute_identity.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "researchers_read_data" {
  for_each = var.researchers

  scope                = azurerm_storage_container.private["data"].id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = each.value
  principal_type       = "Group"
}

# An identity of its own, for the service connection of the release pipeline. The agents' identity only registers agents.
resource "azurerm_user_assigned_identity" "review" {
  name                = "id-${local.prefix}-review"
  location            = var.location
  resource_group_name = azurerm_resource_group.this["release"].name
  tags                = local.tags
}

resource "azurerm_role_assignment" "review_reads_requests" {
  scope                = azurerm_storage_container.private["export-requests"].id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_user_assigned_identity.review.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "review_releases" {
  scope                = azurerm_storage_container.released.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.review.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "recipients_read" {
  for_each = var.recipients

  scope                = azurerm_storage_container.released.id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = each.value
  principal_type       = "Group"
}

# Every read and write on both accounts is logged: an export can be traced to its approval.
resource "azurerm_monitor_diagnostic_setting" "accounts" {
  for_each = { private = azurerm_storage_account.private.id, public = azurerm_storage_account.public.id }

  name                       = "to-log-analytics"
  target_resource_id         = "${each.value}/blobServices/default"
  log_analytics_workspace_id = module.workspace.log_analytics_workspace_id

  enabled_log {
    category_group = "allLogs"
  }
}

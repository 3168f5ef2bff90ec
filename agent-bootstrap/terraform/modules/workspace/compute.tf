# Two identities, because a job must not be able to push the image that the next job runs.
resource "azurerm_user_assigned_identity" "compute" {
  name                = "id-${var.name}-compute"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_user_assigned_identity" "image_build" {
  name                = "id-${var.name}-image-build"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_machine_learning_compute_cluster" "this" {
  for_each = var.compute_clusters

  name                          = each.key
  location                      = var.location
  machine_learning_workspace_id = azurerm_machine_learning_workspace.this.id
  vm_size                       = each.value.vm_size
  vm_priority                   = each.value.vm_priority
  subnet_resource_id            = var.training_subnet_id
  node_public_ip_enabled        = false
  ssh_public_access_enabled     = false
  local_auth_enabled            = false
  tags                          = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.compute.id]
  }

  scale_settings {
    min_node_count                       = each.value.min_nodes
    max_node_count                       = each.value.max_nodes
    scale_down_nodes_after_idle_duration = each.value.idle_duration
  }

  depends_on = [
    module.private_endpoints,
    azurerm_role_assignment.workspace_approves_endpoints,
    azurerm_role_assignment.compute,
  ]
}

resource "azurerm_machine_learning_compute_cluster" "image_build" {
  name                          = var.image_build.compute_name
  location                      = var.location
  machine_learning_workspace_id = azurerm_machine_learning_workspace.this.id
  vm_size                       = var.image_build.vm_size
  vm_priority                   = "Dedicated"
  subnet_resource_id            = var.training_subnet_id
  node_public_ip_enabled        = false
  ssh_public_access_enabled     = false
  local_auth_enabled            = false
  tags                          = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.image_build.id]
  }

  scale_settings {
    min_node_count                       = 0
    max_node_count                       = var.image_build.max_nodes
    scale_down_nodes_after_idle_duration = "PT10M"
  }

  depends_on = [
    module.private_endpoints,
    azurerm_role_assignment.workspace_approves_endpoints,
    azurerm_role_assignment.image_build,
  ]
}

module "user_data" {
  source = "../agent-user-data"

  verb           = "prep"
  ca_certificate = var.ca_certificate
  settings       = var.settings
}

# As Azure DevOps asks for: it sets the number of machines, installs the agent by an extension of its own and marks its
# work by tags. https://learn.microsoft.com/azure/devops/pipelines/agents/scale-set-agents
resource "azurerm_linux_virtual_machine_scale_set" "this" {
  name                            = "vmss-${var.name_prefix}"
  location                        = var.location
  resource_group_name             = var.resource_group_name
  sku                             = var.vm_size
  instances                       = 0
  overprovision                   = false
  upgrade_mode                    = "Manual"
  single_placement_group          = false
  platform_fault_domain_count     = 1
  computer_name_prefix            = substr(var.name_prefix, 0, 55)
  admin_username                  = "agentadmin"
  disable_password_authentication = true
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  encryption_at_host_enabled      = var.encryption_at_host
  custom_data                     = module.user_data.custom_data
  source_image_id                 = var.image_id
  tags                            = var.tags

  admin_ssh_key {
    username   = "agentadmin"
    public_key = var.admin_ssh_public_key
  }

  network_interface {
    name    = "private"
    primary = true

    ip_configuration {
      name      = "private"
      primary   = true
      subnet_id = var.subnet_id
    }
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = var.disk_size_gb
  }

  dynamic "identity" {
    for_each = length(var.identity_ids) == 0 ? [] : [var.identity_ids]

    content {
      type         = "UserAssigned"
      identity_ids = identity.value
    }
  }

  dynamic "source_image_reference" {
    for_each = var.image_id == null ? [var.image] : []

    content {
      publisher = source_image_reference.value.publisher
      offer     = source_image_reference.value.offer
      sku       = source_image_reference.value.sku
      version   = source_image_reference.value.version
    }
  }

  boot_diagnostics {}

  lifecycle {
    ignore_changes = [instances, tags, extension]
  }
}

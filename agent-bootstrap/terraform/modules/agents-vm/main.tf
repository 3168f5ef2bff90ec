locals {
  # Machine names are host names too: at most 64 characters, and agents are found by their prefix.
  names = [for index in range(var.agent_count) : format("%s-%02d", var.name_prefix, index + 1)]
  identity = var.identity != null ? var.identity : {
    id           = azurerm_user_assigned_identity.this[0].id
    client_id    = azurerm_user_assigned_identity.this[0].client_id
    principal_id = azurerm_user_assigned_identity.this[0].principal_id
  }
}

module "user_data" {
  source = "../agent-user-data"

  delivery       = var.package_url == null ? "embedded" : "download"
  ca_certificate = var.ca_certificate
  settings = merge(var.settings, {
    ORGANIZATION_URL   = var.organization_url
    POOL               = var.pool
    IDENTITY_CLIENT_ID = local.identity.client_id
    PRIVATE_HOSTS      = join(" ", var.private_hosts)
  })
}

resource "azurerm_user_assigned_identity" "this" {
  count = var.identity == null ? 1 : 0

  name                = "id-${var.name_prefix}"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_network_interface" "this" {
  for_each = toset(local.names)

  name                = "nic-${each.key}"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags

  ip_configuration {
    name                          = "private"
    subnet_id                     = var.subnet_id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_linux_virtual_machine" "this" {
  for_each = toset(local.names)

  name                            = each.key
  location                        = var.location
  resource_group_name             = var.resource_group_name
  size                            = var.vm_size
  network_interface_ids           = [azurerm_network_interface.this[each.key].id]
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

  identity {
    type         = "UserAssigned"
    identity_ids = [local.identity.id]
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
    disk_size_gb         = var.disk_size_gb
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
}

# Protected, although nothing in it is secret: the public settings of an extension can be read by whoever reads the machine.
resource "azurerm_virtual_machine_extension" "download" {
  for_each = toset(var.package_url == null ? [] : local.names)

  name                       = "agent-bootstrap"
  virtual_machine_id         = azurerm_linux_virtual_machine.this[each.key].id
  publisher                  = "Microsoft.Azure.Extensions"
  type                       = "CustomScript"
  type_handler_version       = "2.1"
  auto_upgrade_minor_version = true
  tags                       = var.tags

  protected_settings = jsonencode({
    fileUris         = [var.package_url]
    commandToExecute = module.user_data.download_command
    managedIdentity  = { clientId = local.identity.client_id }
  })
}

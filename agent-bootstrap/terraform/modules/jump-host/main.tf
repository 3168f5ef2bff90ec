locals {
  name            = "${var.name_prefix}-jump"
  creates_bastion = var.bastion != null
}

resource "azurerm_network_interface" "this" {
  name                = "nic-${local.name}"
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
  name                            = local.name
  location                        = var.location
  resource_group_name             = var.resource_group_name
  size                            = var.vm_size
  network_interface_ids           = [azurerm_network_interface.this.id]
  admin_username                  = "jumpadmin"
  disable_password_authentication = true
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  encryption_at_host_enabled      = var.encryption_at_host
  source_image_id                 = var.image_id
  tags                            = var.tags

  admin_ssh_key {
    username   = "jumpadmin"
    public_key = var.admin_ssh_public_key
  }

  # Signing in with Entra ID needs an identity of the machine; it has no roles.
  identity {
    type = "SystemAssigned"
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
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

resource "azurerm_virtual_machine_extension" "entra_login" {
  name                       = "entra-login"
  virtual_machine_id         = azurerm_linux_virtual_machine.this.id
  publisher                  = "Microsoft.Azure.ActiveDirectory"
  type                       = "AADSSHLoginForLinux"
  type_handler_version       = "1.0"
  auto_upgrade_minor_version = true
  tags                       = var.tags
}

resource "azurerm_role_assignment" "users" {
  for_each = var.users

  scope                = azurerm_linux_virtual_machine.this.id
  role_definition_name = "Virtual Machine User Login"
  principal_id         = each.value
  principal_type       = "Group"
}

# The one address of this kind that the networks need: clients reach Azure Bastion here, and nothing else.
resource "azurerm_public_ip" "bastion" {
  count = local.creates_bastion && !try(var.bastion.private_only, false) ? 1 : 0

  name                = "pip-${var.name_prefix}-bastion"
  location            = var.location
  resource_group_name = var.resource_group_name
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = var.tags
}

resource "azurerm_bastion_host" "this" {
  count = local.creates_bastion ? 1 : 0

  name                   = "bas-${var.name_prefix}"
  location               = var.location
  resource_group_name    = var.resource_group_name
  sku                    = var.bastion.private_only ? "Premium" : "Standard"
  tunneling_enabled      = true
  copy_paste_enabled     = false
  file_copy_enabled      = false
  shareable_link_enabled = false
  tags                   = var.tags

  ip_configuration {
    name                 = "bastion"
    subnet_id            = var.bastion.subnet_id
    public_ip_address_id = one(azurerm_public_ip.bastion[*].id)
  }
}

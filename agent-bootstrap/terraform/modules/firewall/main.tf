locals {
  policy_id = var.create ? azurerm_firewall_policy.this[0].id : var.existing_policy_id

  # What compute without a public address must reach, by service tag.
  compute_tags = {
    AzureActiveDirectory    = { tag = "AzureActiveDirectory", protocols = ["TCP"], ports = ["80", "443"] }
    AzureMachineLearning    = { tag = "AzureMachineLearning", protocols = ["TCP"], ports = ["443", "8787", "18881"] }
    AzureMachineLearningUdp = { tag = "AzureMachineLearning", protocols = ["UDP"], ports = ["5831"] }
    BatchNodeManagement     = { tag = "BatchNodeManagement.${var.location}", protocols = ["Any"], ports = ["443"] }
    AzureResourceManager    = { tag = "AzureResourceManager", protocols = ["TCP"], ports = ["443"] }
    Storage                 = { tag = "Storage.${var.location}", protocols = ["TCP"], ports = ["443", "445"] }
    FrontDoorFrontEnd       = { tag = "AzureFrontDoor.FrontEnd", protocols = ["TCP"], ports = ["443"] }
    FrontDoorFirstParty     = { tag = "AzureFrontDoor.FirstParty", protocols = ["TCP"], ports = ["443"] }
    ContainerRegistry       = { tag = "MicrosoftContainerRegistry", protocols = ["TCP"], ports = ["443"] }
    AzureMonitor            = { tag = "AzureMonitor", protocols = ["TCP"], ports = ["443"] }
  }

  # What an agent must reach. There is no service tag for Azure DevOps outbound, so these are names.
  agent_hosts = concat([
    "dev.azure.com",
    "*.dev.azure.com",
    "*.vssps.visualstudio.com",
    "*.vsblob.visualstudio.com",
    "*.vstmr.visualstudio.com",
    "*.vsassets.io",
    "*.blob.core.windows.net",
    "login.microsoftonline.com",
    "management.azure.com",
    "management.core.windows.net",
    "download.agent.dev.azure.com",
  ], var.agent_hosts)

  # https://learn.microsoft.com/entra/identity/devices/howto-vm-sign-in-azure-ad-linux
  jump_hosts = ["login.microsoftonline.com", "pas.windows.net", "packages.microsoft.com", "management.azure.com"]
}

# A firewall translates to an address of its own: this one is for outbound traffic, nothing listens on it.
resource "azurerm_public_ip" "this" {
  count = var.create ? 1 : 0

  name                = "pip-${var.name}"
  location            = var.location
  resource_group_name = var.resource_group_name
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = var.tags
}

resource "azurerm_firewall_policy" "this" {
  count = var.create ? 1 : 0

  name                     = "afwp-${var.name}"
  location                 = var.location
  resource_group_name      = var.resource_group_name
  sku                      = "Standard"
  threat_intelligence_mode = "Deny"
  tags                     = var.tags
}

resource "azurerm_firewall" "this" {
  count = var.create ? 1 : 0

  name                = var.name
  location            = var.location
  resource_group_name = var.resource_group_name
  sku_name            = "AZFW_VNet"
  sku_tier            = "Standard"
  firewall_policy_id  = local.policy_id
  tags                = var.tags

  ip_configuration {
    name                 = "outbound"
    subnet_id            = var.subnet_id
    public_ip_address_id = azurerm_public_ip.this[0].id
  }
}

resource "azurerm_firewall_policy_rule_collection_group" "this" {
  name               = "secure-mlops"
  firewall_policy_id = local.policy_id
  priority           = var.rule_priority

  network_rule_collection {
    name     = "compute-services"
    priority = 100
    action   = "Allow"

    dynamic "rule" {
      for_each = local.compute_tags

      content {
        name                  = rule.key
        protocols             = rule.value.protocols
        source_addresses      = var.compute_ranges
        destination_addresses = [rule.value.tag]
        destination_ports     = rule.value.ports
      }
    }
  }

  application_rule_collection {
    name     = "hosts"
    priority = 200
    action   = "Allow"

    rule {
      name              = "agents"
      source_addresses  = var.agent_ranges
      destination_fqdns = local.agent_hosts

      protocols {
        type = "Https"
        port = 443
      }
    }

    rule {
      name              = "jump-host"
      source_addresses  = var.jump_ranges
      destination_fqdns = local.jump_hosts

      protocols {
        type = "Https"
        port = 443
      }
    }

    dynamic "rule" {
      for_each = length(var.package_hosts) == 0 ? [] : [var.package_hosts]

      content {
        name              = "packages"
        source_addresses  = concat(var.agent_ranges, var.jump_ranges)
        destination_fqdns = rule.value

        protocols {
          type = "Http"
          port = 80
        }

        protocols {
          type = "Https"
          port = 443
        }
      }
    }

    dynamic "rule" {
      for_each = length(var.compute_hosts) == 0 ? [] : [var.compute_hosts]

      content {
        name              = "compute"
        source_addresses  = var.compute_ranges
        destination_fqdns = rule.value

        protocols {
          type = "Https"
          port = 443
        }
      }
    }
  }
}

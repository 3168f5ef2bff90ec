# Agents get their settings and no secret.

# No credentials, no service.
mock_provider "azurerm" {}

variables {
  name_prefix          = "agent"
  location             = "westeurope"
  resource_group_name  = "rg-test"
  subnet_id            = "/subscriptions/s/subnets/agents"
  organization_url     = "https://dev.azure.com/contoso"
  pool                 = "aml private"
  admin_ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITEST agent@example"
  private_hosts        = ["sttest.blob.core.windows.net", "kvtest.vault.azure.net"]
  identity = {
    id           = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-agents"
    client_id    = "11111111-1111-4111-8111-111111111111"
    principal_id = "22222222-2222-4222-8222-222222222222"
  }
}

run "hands_settings_and_script_over" {
  command = plan

  assert {
    condition = alltrue([for line in [
      "POOL=\\\"aml private\\\"",
      "ORGANIZATION_URL=\\\"https://dev.azure.com/contoso\\\"",
      "IDENTITY_CLIENT_ID=\\\"11111111-1111-4111-8111-111111111111\\\"",
      "PRIVATE_HOSTS=\\\"sttest.blob.core.windows.net kvtest.vault.azure.net\\\"",
    ] : strcontains(output.user_data, line)])
    error_message = "A setting is missing in the user data."
  }

  assert {
    condition     = alltrue([for path in ["/etc/ado-agent/agent.conf", "/usr/local/sbin/agent-init.sh", "/usr/local/share/ado-agent/units/ado-agent.service"] : strcontains(output.user_data, path)])
    error_message = "A file is missing in the user data."
  }

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n") && can(jsondecode(trimprefix(output.user_data, "#cloud-config\n")))
    error_message = "The user data is no cloud-config."
  }

  assert {
    condition     = length(azurerm_linux_virtual_machine.this["agent-01"].custom_data) < 65535
    error_message = "The user data is larger than Azure takes."
  }
}

run "makes_the_identity_alone" {
  command = plan

  variables {
    agent_count = 0
    identity    = null
  }

  assert {
    condition     = length(azurerm_linux_virtual_machine.this) == 0 && length(azurerm_user_assigned_identity.this) == 1
    error_message = "Without agents there should be an identity and no machine."
  }
}

run "downloads_the_script_with_the_identity" {
  command = plan

  variables {
    package_url = "https://sttest.blob.core.windows.net/bootstrap/agent-bootstrap.tar.gz"
  }

  assert {
    condition     = jsondecode(azurerm_virtual_machine_extension.download["agent-01"].protected_settings).managedIdentity.clientId == var.identity.client_id
    error_message = "The extension does not use the identity."
  }

  assert {
    condition     = azurerm_virtual_machine_extension.download["agent-01"].settings == null
    error_message = "The extension has settings that whoever reads the machine can read."
  }

  assert {
    condition     = !strcontains(output.user_data, "/usr/local/sbin/agent-init.sh")
    error_message = "The script is handed over twice."
  }
}

run "refuses_a_link_that_carries_a_signature" {
  command = plan

  variables {
    package_url = "https://sttest.blob.core.windows.net/bootstrap/agent-bootstrap.tar.gz?sv=2024&sig=abc"
  }

  expect_failures = [var.package_url]
}

run "refuses_settings_it_knows_better" {
  command = plan

  variables {
    settings = { POOL = "other" }
  }

  expect_failures = [var.settings]
}

run "refuses_bad_inputs" {
  command = plan

  variables {
    name_prefix          = "Agent_"
    location             = "West Europe"
    organization_url     = "http://dev.azure.com/contoso"
    pool                 = "a/b"
    admin_ssh_public_key = "-----BEGIN OPENSSH PRIVATE KEY-----"
    agent_count          = 1.5
    private_hosts        = ["https://kv.vault.azure.net"]
    disk_size_gb         = 8
    vm_size              = "big"
    ca_certificate       = "not a certificate"
  }

  expect_failures = [
    var.name_prefix, var.location, var.organization_url, var.pool, var.admin_ssh_public_key, var.agent_count,
    var.private_hosts, var.disk_size_gb, var.vm_size, var.ca_certificate,
  ]
}

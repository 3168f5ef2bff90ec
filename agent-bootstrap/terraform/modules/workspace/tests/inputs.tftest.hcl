# Good inputs make a private workspace; each bad one is refused by its own variable.

# No credentials, no service.
mock_provider "azurerm" {}

variables {
  name                       = "mlw-test"
  location                   = "westeurope"
  resource_group_name        = "rg-test"
  storage_account_name       = "sttest"
  key_vault_name             = "kv-test"
  container_registry_name    = "crtest"
  private_endpoint_subnet_id = "/subscriptions/s/subnets/private-endpoints"
  zone_ids = {
    workspace = "zone", notebooks = "zone", blob = "zone", file = "zone", queue = "zone", table = "zone", dfs = "zone", vault = "zone", registry = "zone"
  }
}

run "is_private_in_a_managed_network" {
  command = plan

  assert {
    condition     = azurerm_machine_learning_workspace.this.public_network_access_enabled == false
    error_message = "The workspace is public."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.this.managed_network[0].isolation_mode == "AllowOnlyApprovedOutbound"
    error_message = "The managed network lets everything out."
  }

  assert {
    condition     = azurerm_machine_learning_workspace.this.storage_account_access_type == "Identity"
    error_message = "The workspace uses account keys."
  }
}

run "builds_images_on_its_own_cluster" {
  command = plan

  assert {
    condition     = azurerm_machine_learning_workspace.this.image_build_compute_name == azurerm_machine_learning_compute_cluster.image_build.name
    error_message = "There is no cluster of the name images are built on."
  }
}

run "uses_an_own_network" {
  command = plan

  variables {
    isolation_mode     = "Disabled"
    training_subnet_id = "/subscriptions/s/subnets/training"
  }

  assert {
    condition     = azurerm_machine_learning_workspace.this.serverless_compute[0].public_ip_enabled == false
    error_message = "Serverless compute gets a public address."
  }

  assert {
    condition     = alltrue([for cluster in azurerm_machine_learning_compute_cluster.this : cluster.subnet_resource_id == var.training_subnet_id])
    error_message = "A cluster is not in the training subnet."
  }
}

run "refuses_a_missing_zone" {
  command = plan

  variables {
    zone_ids = { workspace = "zone" }
  }

  expect_failures = [var.zone_ids]
}

run "needs_no_zones_with_a_policy" {
  command = plan

  variables {
    zone_ids              = {}
    dns_records_by_policy = true
  }
}

run "refuses_an_own_network_without_a_subnet" {
  command = plan

  variables {
    isolation_mode = "Disabled"
  }

  expect_failures = [var.training_subnet_id]
}

run "refuses_a_subnet_in_a_managed_network" {
  command = plan

  variables {
    training_subnet_id = "/subscriptions/s/subnets/training"
  }

  expect_failures = [var.training_subnet_id]
}

run "refuses_hosts_that_have_no_effect" {
  command = plan

  variables {
    isolation_mode = "AllowInternetOutbound"
    outbound_hosts = { pypi = "pypi.org" }
  }

  expect_failures = [var.outbound_hosts]
}

run "refuses_a_url_for_a_host" {
  command = plan

  variables {
    outbound_hosts = { pypi = "https://pypi.org/simple" }
  }

  expect_failures = [var.outbound_hosts]
}

run "refuses_an_empty_cluster" {
  command = plan

  variables {
    compute_clusters = { cpu-cluster = { max_nodes = 0 } }
  }

  expect_failures = [var.compute_clusters]
}

run "refuses_an_image_build_cluster_that_runs_jobs" {
  command = plan

  variables {
    image_build = { compute_name = "cpu-cluster" }
  }

  expect_failures = [var.image_build]
}

run "refuses_bad_names" {
  command = plan

  variables {
    name                    = "x"
    location                = "West Europe"
    storage_account_name    = "st-test"
    key_vault_name          = "1kv"
    container_registry_name = "cr"
    storage_replication     = "none"
    log_retention_days      = 7
    data_scientists         = { me = "me@example.com" }
  }

  expect_failures = [
    var.name, var.location, var.storage_account_name, var.key_vault_name, var.container_registry_name,
    var.storage_replication, var.log_retention_days, var.data_scientists,
  ]
}

# Networks are closed, and have a way out.

# No credentials, no service.
mock_provider "azurerm" {
  alias = "any"
}

variables {
  name_prefix = "test"
  location    = "westeurope"
  aml_network = {
    resource_group_name = "rg-aml"
    address_space       = ["10.10.0.0/16"]
    subnets = {
      training          = { address_prefix = "10.10.0.0/22" }
      scoring           = { address_prefix = "10.10.4.0/22" }
      private_endpoints = { address_prefix = "10.10.8.0/24" }
    }
  }
  bastion_network = {
    resource_group_name = "rg-bastion"
    address_space       = ["10.20.0.0/16"]
    nat_gateway         = { id = "/subscriptions/s/natGateways/nat" }
    subnets = {
      agents = { address_prefix = "10.20.0.0/24" }
      jump   = { address_prefix = "10.20.1.0/27" }
    }
  }
}

run "peers_both_ways_without_a_hub" {
  command   = plan
  providers = { azurerm.aml = azurerm.any, azurerm.bastion = azurerm.any, azurerm.hub = azurerm.any }

  assert {
    condition     = azurerm_virtual_network_peering.aml_to_bastion.name != "" && azurerm_virtual_network_peering.bastion_to_aml.name != "" && length(azurerm_virtual_network_peering.hub_to_aml) == 0
    error_message = "The networks are not peered with each other alone."
  }

  assert {
    condition     = length(azurerm_route_table.aml) + length(azurerm_route_table.bastion) == 0
    error_message = "There is a route to a firewall that does not exist."
  }
}

run "adds_rules_to_the_policy_of_an_existing_firewall" {
  command   = plan
  providers = { azurerm.aml = azurerm.any, azurerm.bastion = azurerm.any, azurerm.hub = azurerm.any }

  variables {
    firewall = {
      private_ip_address = "10.0.0.4"
      policy_id          = "/subscriptions/hub/resourceGroups/rg-hub/providers/Microsoft.Network/firewallPolicies/policy"
    }
  }

  assert {
    condition     = module.firewall[0].policy_id == var.firewall.policy_id && azurerm_route_table.bastion[0].route != null
    error_message = "The rules are not in the existing policy, or nothing is routed to the firewall."
  }
}

run "refuses_agents_without_a_way_out" {
  command   = plan
  providers = { azurerm.aml = azurerm.any, azurerm.bastion = azurerm.any, azurerm.hub = azurerm.any }

  variables {
    bastion_network = {
      resource_group_name = "rg-bastion"
      address_space       = ["10.20.0.0/16"]
      subnets = {
        agents = { address_prefix = "10.20.0.0/24" }
        jump   = { address_prefix = "10.20.1.0/27" }
      }
    }
  }

  expect_failures = [var.bastion_network]
}

run "refuses_a_firewall_without_a_place" {
  command   = plan
  providers = { azurerm.aml = azurerm.any, azurerm.bastion = azurerm.any, azurerm.hub = azurerm.any }

  variables {
    firewall = {}
  }

  expect_failures = [var.firewall]
}

run "refuses_everybody_as_a_client_of_bastion" {
  command   = plan
  providers = { azurerm.aml = azurerm.any, azurerm.bastion = azurerm.any, azurerm.hub = azurerm.any }

  variables {
    bastion_clients = ["0.0.0.0/0"]
  }

  expect_failures = [var.bastion_clients]
}

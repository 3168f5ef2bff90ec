output "virtual_network_ids" {
  description = "Ids of the networks that private DNS zones are linked to: aml, bastion and, where there is one, hub."
  value = merge(
    { aml = module.aml.id, bastion = module.bastion.id },
    local.has_hub ? { hub = module.hub[0].id } : {},
  )
}

output "subnet_ids" {
  description = "Ids of the subnets: training, scoring, private_endpoints, agents, jump and, where there is one, bastion."
  value       = merge(module.aml.subnet_ids, module.bastion.subnet_ids)

  # Machines begin to install at their first boot: by then the way out and the way to the workspace must be open.
  depends_on = [
    module.firewall,
    azurerm_virtual_network_peering.aml_to_bastion,
    azurerm_virtual_network_peering.bastion_to_aml,
    azurerm_virtual_network_peering.aml_to_hub,
    azurerm_virtual_network_peering.bastion_to_hub,
    azurerm_virtual_network_peering.hub_to_aml,
    azurerm_virtual_network_peering.hub_to_bastion,
  ]
}

output "subnet_ranges" {
  description = "Address ranges of the subnets, for the owners of other firewalls."
  value = {
    training          = local.training_range
    scoring           = local.scoring_range
    private_endpoints = local.private_endpoints_range
    agents            = local.agents_range
    jump              = local.jump_range
  }
}

output "firewall_private_ip_address" {
  description = "Private address of the firewall that routes point to, or null."
  value       = local.firewall_address
}

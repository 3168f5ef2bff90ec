locals {
  training_range          = var.aml_network.subnets.training.address_prefix
  scoring_range           = var.aml_network.subnets.scoring.address_prefix
  private_endpoints_range = var.aml_network.subnets.private_endpoints.address_prefix
  agents_range            = var.bastion_network.subnets.agents.address_prefix
  jump_range              = var.bastion_network.subnets.jump.address_prefix
  bastion_range           = try([var.bastion_network.subnets.bastion.address_prefix], [])
  ssh_sources             = concat(local.bastion_range, var.bastion_network.ssh_sources)

  # Azure's own resolver is reached without a rule.
  aml_dns_rules = length(var.aml_network.dns_servers) == 0 ? [] : [
    { name = "AllowDns", direction = "Outbound", protocol = "*", source = ["VirtualNetwork"], destination = var.aml_network.dns_servers, ports = ["53"] },
  ]
  bastion_dns_rules = length(var.bastion_network.dns_servers) == 0 ? [] : [
    { name = "AllowDns", direction = "Outbound", protocol = "*", source = ["VirtualNetwork"], destination = var.bastion_network.dns_servers, ports = ["53"] },
  ]

  # What compute without a public address needs:
  # https://learn.microsoft.com/azure/machine-learning/how-to-secure-training-vnet and how-to-access-azureml-behind-firewall.
  compute_services = [
    { name = "AllowAzureActiveDirectory", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureActiveDirectory"], ports = ["80", "443"] },
    { name = "AllowAzureMachineLearning", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureMachineLearning"], ports = ["443", "8787", "18881"] },
    { name = "AllowAzureMachineLearningUdp", direction = "Outbound", protocol = "Udp", source = ["VirtualNetwork"], destination = ["AzureMachineLearning"], ports = ["5831"] },
    { name = "AllowBatchNodeManagement", direction = "Outbound", protocol = "*", source = ["VirtualNetwork"], destination = ["BatchNodeManagement.${var.location}"], ports = ["443"] },
    { name = "AllowAzureResourceManager", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureResourceManager"], ports = ["443"] },
    { name = "AllowStorage", direction = "Outbound", source = ["VirtualNetwork"], destination = ["Storage.${var.location}"], ports = ["443", "445"] },
    { name = "AllowFrontDoorFrontEnd", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureFrontDoor.FrontEnd"], ports = ["443"] },
    { name = "AllowFrontDoorFirstParty", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureFrontDoor.FirstParty"], ports = ["443"] },
    { name = "AllowContainerRegistry", direction = "Outbound", source = ["VirtualNetwork"], destination = ["MicrosoftContainerRegistry"], ports = ["443"] },
    { name = "AllowAzureMonitor", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureMonitor"], ports = ["443"] },
    { name = "AllowPrivateEndpoints", direction = "Outbound", source = ["VirtualNetwork"], destination = ["VirtualNetwork"], ports = ["443", "445"] },
  ]

  # Where a firewall filters by host name, the security group must let through what the firewall then judges.
  through_firewall = var.firewall == null ? [] : [
    { name = "AllowHttpsThroughFirewall", direction = "Outbound", source = ["VirtualNetwork"], destination = ["Internet"], ports = ["443"] },
  ]

  # Package sources answer on port 80 too.
  machines_through_firewall = var.firewall == null ? [] : [
    { name = "AllowWebThroughFirewall", direction = "Outbound", source = ["VirtualNetwork"], destination = ["Internet"], ports = ["80", "443"] },
  ]

  # Nodes of one distributed job talk to each other on ports they agree on.
  training_rules = concat([
    { name = "AllowTrainingNodes", direction = "Inbound", protocol = "*", source = [local.training_range], destination = [local.training_range], ports = ["*"] },
    { name = "AllowTrainingNodesOut", direction = "Outbound", protocol = "*", source = [local.training_range], destination = [local.training_range], ports = ["*"] },
  ], local.compute_services, local.aml_dns_rules, local.through_firewall)

  scoring_rules = concat([
    { name = "AllowScoringNodes", direction = "Inbound", protocol = "*", source = [local.scoring_range], destination = [local.scoring_range], ports = ["*"] },
    { name = "AllowScoringRequests", direction = "Inbound", source = [local.training_range, local.agents_range, local.jump_range], destination = [local.scoring_range], ports = ["443"] },
    { name = "AllowLoadBalancer", direction = "Inbound", protocol = "*", source = ["AzureLoadBalancer"], destination = [local.scoring_range], ports = ["*"] },
    { name = "AllowScoringNodesOut", direction = "Outbound", protocol = "*", source = [local.scoring_range], destination = [local.scoring_range], ports = ["*"] },
  ], local.compute_services, local.aml_dns_rules, local.through_firewall)

  private_endpoint_rules = [
    { name = "AllowHttps", direction = "Inbound", source = [local.training_range, local.scoring_range, local.agents_range, local.jump_range], destination = [local.private_endpoints_range], ports = ["443"] },
    { name = "AllowFileShares", direction = "Inbound", source = [local.training_range, local.scoring_range], destination = [local.private_endpoints_range], ports = ["445"] },
  ]

  ssh_rules = length(local.ssh_sources) == 0 ? [] : [
    { name = "AllowSshFromBastion", direction = "Inbound", source = local.ssh_sources, destination = ["VirtualNetwork"], ports = ["22"] },
  ]

  # https://learn.microsoft.com/azure/devops/organizations/security/allow-list-ip-url: the service tag AzureDevOps is not
  # supported outbound, so these are its addresses.
  azure_devops_ranges = [
    "13.107.6.0/24", "13.107.9.0/24", "13.107.42.0/24", "13.107.43.0/24", "150.171.22.0/24", "150.171.23.0/24",
    "150.171.73.0/24", "150.171.74.0/24", "150.171.75.0/24", "150.171.76.0/24",
  ]
  azure_rules = [
    { name = "AllowPrivateEndpoints", direction = "Outbound", source = ["VirtualNetwork"], destination = [local.private_endpoints_range], ports = ["443"] },
    { name = "AllowAzureActiveDirectory", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureActiveDirectory"], ports = ["443"] },
    { name = "AllowAzureResourceManager", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureResourceManager"], ports = ["443"] },
  ]
  agents_rules = concat(local.ssh_rules, local.azure_rules, [
    { name = "AllowScoring", direction = "Outbound", source = ["VirtualNetwork"], destination = [local.scoring_range], ports = ["443"] },
    { name = "AllowAzureDevOps", direction = "Outbound", source = ["VirtualNetwork"], destination = local.azure_devops_ranges, ports = ["443"] },
    # Artifacts, caches and, for scale sets, the agent's installer are blobs; the agent's package comes by Front Door.
    { name = "AllowStorage", direction = "Outbound", source = ["VirtualNetwork"], destination = ["Storage"], ports = ["443"] },
    { name = "AllowFrontDoorFirstParty", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureFrontDoor.FirstParty"], ports = ["443"] },
  ], local.bastion_dns_rules, local.machines_through_firewall)
  jump_rules = concat(local.ssh_rules, local.azure_rules, [
    { name = "AllowScoring", direction = "Outbound", source = ["VirtualNetwork"], destination = [local.scoring_range], ports = ["443"] },
    { name = "AllowFrontDoorFrontEnd", direction = "Outbound", source = ["VirtualNetwork"], destination = ["AzureFrontDoor.FrontEnd"], ports = ["443"] },
  ], local.bastion_dns_rules, local.machines_through_firewall)

  # https://learn.microsoft.com/azure/bastion/bastion-nsg: Azure refuses a group that lacks one of these.
  bastion_rules = concat(
    length(var.bastion_clients) == 0 ? [] : [
      { name = "AllowClients", direction = "Inbound", source = var.bastion_clients, destination = ["*"], ports = ["443"] },
    ],
    [
      { name = "AllowPrivateClients", direction = "Inbound", source = ["VirtualNetwork"], destination = ["*"], ports = ["443"] },
      { name = "AllowGatewayManager", direction = "Inbound", source = ["GatewayManager"], destination = ["*"], ports = ["443"] },
      { name = "AllowLoadBalancer", direction = "Inbound", source = ["AzureLoadBalancer"], destination = ["*"], ports = ["443"] },
      { name = "AllowBastionHosts", direction = "Inbound", protocol = "*", source = ["VirtualNetwork"], destination = ["VirtualNetwork"], ports = ["8080", "5701"] },
      { name = "AllowSshAndRdp", direction = "Outbound", protocol = "*", source = ["*"], destination = ["VirtualNetwork"], ports = ["22", "3389"] },
      { name = "AllowAzureCloud", direction = "Outbound", source = ["*"], destination = ["AzureCloud"], ports = ["443"] },
      { name = "AllowBastionHostsOut", direction = "Outbound", protocol = "*", source = ["VirtualNetwork"], destination = ["VirtualNetwork"], ports = ["8080", "5701"] },
      { name = "AllowSessionInformation", direction = "Outbound", protocol = "*", source = ["*"], destination = ["Internet"], ports = ["80"] },
    ],
  )
}

locals {
  existing            = var.existing_id == null ? [] : split("/", var.existing_id)
  name                = var.existing_id == null ? var.name : local.existing[8]
  resource_group_name = var.existing_id == null ? var.resource_group_name : local.existing[4]
  id                  = var.existing_id == null ? azurerm_virtual_network.this[0].id : var.existing_id

  created_subnets         = { for role, subnet in var.subnets : role => subnet if subnet.id == null }
  created_security_groups = { for role, subnet in local.created_subnets : role => subnet if subnet.has_security_group && subnet.network_security_group_id == null }

  # Rules are evaluated in their order; 4096 closes what the rules before it left open.
  closing_rules = [
    { name = "DenyAllInbound", direction = "Inbound", access = "Deny", protocol = "*", source = ["*"], destination = ["*"], ports = ["*"], priority = 4096 },
    { name = "DenyAllOutbound", direction = "Outbound", access = "Deny", protocol = "*", source = ["*"], destination = ["*"], ports = ["*"], priority = 4096 },
  ]
  rules = {
    for role, subnet in local.created_security_groups : role => concat(
      [for index, rule in subnet.rules : merge(rule, { priority = 100 + 10 * index })],
      local.closing_rules,
    )
  }
}

resource "azurerm_virtual_network" "this" {
  count = var.existing_id == null ? 1 : 0

  name                = var.name
  location            = var.location
  resource_group_name = var.resource_group_name
  address_space       = var.address_space
  dns_servers         = var.dns_servers
  tags                = var.tags
}

resource "azurerm_subnet" "this" {
  for_each = local.created_subnets

  name                              = coalesce(each.value.name, each.key)
  resource_group_name               = local.resource_group_name
  virtual_network_name              = var.existing_id == null ? azurerm_virtual_network.this[0].name : local.name
  address_prefixes                  = [each.value.address_prefix]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "Enabled"
  service_endpoints                 = each.value.service_endpoints
  service_endpoint_policy_ids       = each.value.service_endpoint_policy_ids
}

resource "azurerm_network_security_group" "this" {
  for_each = local.created_security_groups

  name                = "nsg-${local.name}-${each.key}"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags

  dynamic "security_rule" {
    for_each = local.rules[each.key]

    content {
      name                         = security_rule.value.name
      priority                     = security_rule.value.priority
      direction                    = security_rule.value.direction
      access                       = security_rule.value.access
      protocol                     = security_rule.value.protocol
      source_port_range            = "*"
      source_address_prefix        = length(security_rule.value.source) == 1 ? security_rule.value.source[0] : null
      source_address_prefixes      = length(security_rule.value.source) == 1 ? [] : security_rule.value.source
      destination_address_prefix   = length(security_rule.value.destination) == 1 ? security_rule.value.destination[0] : null
      destination_address_prefixes = length(security_rule.value.destination) == 1 ? [] : security_rule.value.destination
      destination_port_range       = length(security_rule.value.ports) == 1 ? security_rule.value.ports[0] : null
      destination_port_ranges      = length(security_rule.value.ports) == 1 ? [] : security_rule.value.ports
    }
  }
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each = { for role, subnet in local.created_subnets : role => subnet if subnet.has_security_group }

  subnet_id                 = azurerm_subnet.this[each.key].id
  network_security_group_id = each.value.network_security_group_id != null ? each.value.network_security_group_id : azurerm_network_security_group.this[each.key].id
}

resource "azurerm_subnet_route_table_association" "this" {
  for_each = { for role, subnet in local.created_subnets : role => subnet if subnet.has_route_table }

  subnet_id      = azurerm_subnet.this[each.key].id
  route_table_id = each.value.route_table_id
}

resource "azurerm_subnet_nat_gateway_association" "this" {
  for_each = { for role, subnet in local.created_subnets : role => subnet if subnet.nat_gateway != null }

  subnet_id      = azurerm_subnet.this[each.key].id
  nat_gateway_id = each.value.nat_gateway.id
}

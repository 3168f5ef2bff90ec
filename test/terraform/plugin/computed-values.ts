/** What a provider without a service answers: unknown until applied, then values that follow from the resource alone. */
import { createHash } from 'node:crypto';
import { ExtData } from '@msgpack/msgpack';
import type { Block, ValueType } from '../schema/provider-schema.ts';

export type Values = Record<string, unknown>;

/** Terraform writes an unknown value as an extension of MessagePack; any extension is read as one. */
const UNKNOWN = new ExtData(0, new Uint8Array([0]));

/** Types whose ids the modules look at. */
const ARM_PATHS: Readonly<Record<string, string>> = {
  azurerm_virtual_network: 'Microsoft.Network/virtualNetworks',
  azurerm_private_dns_zone: 'Microsoft.Network/privateDnsZones',
  azurerm_firewall_policy: 'Microsoft.Network/firewallPolicies',
  azurerm_user_assigned_identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  azurerm_log_analytics_workspace: 'Microsoft.OperationalInsights/workspaces',
};

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';

/** Marks what the provider would compute as unknown, in place. */
export function markUnknown(block: Block, values: Values): Values {
  for (const [name, { computed }] of Object.entries(block.attributes)) {
    if (computed === true && (values[name] ?? null) === null) values[name] = UNKNOWN;
  }
  for (const [nested, item] of nestedValues(block, values)) markUnknown(nested, item);
  return values;
}

/** Replaces what is unknown by values that are the same for the same resource, in place. */
export function fillUnknown(type: string, block: Block, values: Values): Values {
  const id = resourceId(type, values);
  const fill = (level: Block, found: Values): void => {
    for (const [name, attribute] of Object.entries(level.attributes)) {
      if (found[name] instanceof ExtData) found[name] = computedValue(name, attribute.type, id);
    }
    for (const [nested, item] of nestedValues(level, found)) fill(nested, item);
  };
  fill(block, values);
  return values;
}

function nestedValues(block: Block, values: Values): readonly (readonly [Block, Values])[] {
  return Object.entries(block.block_types).flatMap(([name, { block: nested }]) => {
    const found: unknown = values[name];
    const items: readonly unknown[] = Array.isArray(found) ? found : [found];
    return items.filter(isValues).map((item) => [nested, item] as const);
  });
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !(value instanceof ExtData);
}

function computedValue(name: string, type: ValueType, id: string): unknown {
  if (type === 'string') return computedText(name, id);
  if (type === 'number') return 0;
  if (type === 'bool') return false;
  if (typeof type === 'string') return null;
  if (type[0] === 'map') return {};
  if (type[0] !== 'object') return [];
  return Object.fromEntries(
    Object.entries(type[1]).map(([member, of]) => [member, computedValue(member, of as ValueType, id)]),
  );
}

function computedText(name: string, id: string): string {
  if (name === 'id') return id;
  if (/(principal|tenant|client|object)_id$/.test(name)) return `00000000-0000-4000-8000-${digest(id + name)}`;
  return `computed-${name.replaceAll('_', '-')}`;
}

function resourceId(type: string, values: Values): string {
  const { resource_group_name: group, name } = values;
  if (type === 'azurerm_resource_group') return `/subscriptions/${SUBSCRIPTION}/resourceGroups/${String(name)}`;
  const key = typeof name === 'string' ? name : digest(JSON.stringify(values));
  const scope = typeof group === 'string' ? `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}` : '';
  const path = ARM_PATHS[type] ?? `Microsoft.Test/${type}`;
  return `${scope}/providers/${path}/${key}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

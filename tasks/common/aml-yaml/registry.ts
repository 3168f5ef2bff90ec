import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import {
  boolean,
  expecting,
  integer,
  listOf,
  mapped,
  oneOf,
  record,
  text,
  textMap,
  textOr,
  type Reader,
} from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';

/** The id of an account the registry is to use instead of one it makes for itself. */
const armId = expecting('an ARM id (/subscriptions/…)', (node) =>
  node.kind === 'string' && /^\/subscriptions\//i.test(node.value) ? node.value : undefined,
);

const STORAGE_TYPES = [
  'standard_lrs',
  'standard_grs',
  'standard_ragrs',
  'standard_zrs',
  'standard_gzrs',
  'standard_ragzrs',
  'premium_lrs',
  'premium_zrs',
] as const;

const acr: Reader<TemplateObject> = textOr(
  mapped(armId, (resourceId) => ({ userCreatedAcrAccount: { armResourceId: { resourceId } } })),
  mapped(record({ acr_account_sku: text }), ({ acr_account_sku: sku }) => systemAcr(sku)),
);

const ownStorage: Reader<readonly TemplateObject[]> = mapped(
  record({ storage_account_hns: boolean, storage_account_type: oneOf(STORAGE_TYPES), replication_count: integer }),
  (values) =>
    Array.from({ length: values.replication_count ?? 1 }, () =>
      systemStorage(values.storage_account_hns, values.storage_account_type),
    ),
);
const givenStorage: Reader<readonly TemplateObject[]> = listOf(
  mapped(armId, (resourceId) => ({ userCreatedStorageAccount: { armResourceId: { resourceId } } })),
);
const storage: Reader<readonly TemplateObject[]> = (node, at) =>
  (node.kind === 'list' ? givenStorage : ownStorage)(node, at);

const region = record({ location: text, acr_config: listOf(acr), storage_config: storage }, { required: ['location'] });

const readRegistry = record(
  {
    name: text,
    location: text,
    description: text,
    tags: textMap,
    replication_locations: listOf(region),
    container_registry: acr,
    public_network_access: oneOf(['Disabled', 'Enabled']),
    intellectual_property: record({ publisher: text }),
  },
  { required: ['name', 'location', 'replication_locations'] },
);

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$/;

/** A registry: assets that several workspaces share. It stands in the workspace's resource group, not in the workspace. */
export function planRegistry(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readRegistry(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return Promise.resolve(undefined);
  const { name = '', tags } = values;
  if (values.name !== undefined && !NAME.test(name)) {
    planning.problems.add(
      source.node.place,
      `'${name}' is no valid registry name: 3 to 33 letters, digits, '-' and '_', a letter or digit first.`,
    );
  }
  if (values.description !== undefined) {
    planning.warnings.push("A registry has no description; 'description' is left out. A tag can say it.");
  }
  const body = compact({
    location: values.location,
    tags: tags ?? {},
    identity: { type: 'SystemAssigned' },
    properties: compact({
      managedResourceGroupTags: tags,
      publicNetworkAccess: values.public_network_access,
      intellectualPropertyPublisher: values.intellectual_property?.publisher,
      regionDetails: (values.replication_locations ?? []).map((entry) =>
        compact({
          location: entry.location,
          acrDetails: entry.acr_config ?? [values.container_registry ?? systemAcr(undefined)],
          storageAccountDetails: entry.storage_config ?? [systemStorage(undefined, undefined)],
        }),
      ),
    }),
  });
  return Promise.resolve({
    kind: 'registry',
    main: { do: 'put', key: 'registry', collection: 'registries', name, scope: 'resourceGroup', body },
  });
}

function systemAcr(sku: string | undefined): TemplateObject {
  return { systemCreatedAcrAccount: { acrAccountSku: sku ?? 'Premium' } };
}

function systemStorage(isHierarchical: boolean | undefined, type: string | undefined): TemplateObject {
  return {
    systemCreatedStorageAccount: {
      storageAccountHnsEnabled: isHierarchical ?? false,
      storageAccountType: type ?? 'standard_lrs',
    },
  };
}

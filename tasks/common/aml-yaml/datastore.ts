import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { byType, mapped, record, text, textMap, type Reader } from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';

const AUTHORITY = 'https://login.microsoftonline.com';

const secrets = mapped(
  record({
    account_key: text,
    sas_token: text,
    tenant_id: text,
    client_id: text,
    client_secret: text,
    authority_url: text,
    resource_url: text,
  }),
  (values): TemplateObject => {
    if (values.account_key !== undefined) {
      return { credentialsType: 'AccountKey', secrets: { secretsType: 'AccountKey', key: values.account_key } };
    }
    if (values.sas_token !== undefined) {
      return { credentialsType: 'Sas', secrets: { secretsType: 'Sas', sasToken: values.sas_token } };
    }
    if (values.client_id === undefined) return { credentialsType: 'None' };
    return compact({
      credentialsType: 'ServicePrincipal',
      authorityUrl: values.authority_url ?? AUTHORITY,
      resourceUrl: values.resource_url,
      clientId: values.client_id,
      tenantId: values.tenant_id,
      secrets: compact({ secretsType: 'ServicePrincipal', clientSecret: values.client_secret }),
    });
  },
);

const COMMON = { name: text, type: text, description: text, tags: textMap, properties: textMap, credentials: secrets };

interface ReadDatastore {
  readonly name: string | undefined;
  readonly properties: TemplateObject;
}

interface CommonValues {
  readonly name?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly credentials?: TemplateObject;
}

function toDatastore(values: CommonValues, specific: Readonly<Record<string, string | undefined>>): ReadDatastore {
  return {
    name: values.name,
    properties: compact({
      description: values.description,
      tags: values.tags ?? {},
      properties: values.properties,
      credentials: values.credentials ?? { credentialsType: 'None' },
      ...specific,
    }),
  };
}

const STORAGE = { account_name: text, endpoint: text, protocol: text };
interface StorageValues {
  readonly account_name?: string;
  readonly endpoint?: string;
  readonly protocol?: string;
}

function storage(values: StorageValues): Readonly<Record<string, string | undefined>> {
  return {
    accountName: values.account_name,
    endpoint: values.endpoint ?? 'core.windows.net',
    protocol: values.protocol ?? 'https',
  };
}

const readDatastore: Reader<ReadDatastore> = byType({
  azure_blob: mapped(
    record({ ...COMMON, ...STORAGE, container_name: text }, { required: ['name', 'account_name', 'container_name'] }),
    (v) => toDatastore(v, { datastoreType: 'AzureBlob', ...storage(v), containerName: v.container_name }),
  ),
  azure_file: mapped(
    record({ ...COMMON, ...STORAGE, file_share_name: text }, { required: ['name', 'account_name', 'file_share_name'] }),
    (v) => toDatastore(v, { datastoreType: 'AzureFile', ...storage(v), fileShareName: v.file_share_name }),
  ),
  azure_data_lake_gen2: mapped(
    record({ ...COMMON, ...STORAGE, filesystem: text }, { required: ['name', 'account_name', 'filesystem'] }),
    (v) => toDatastore(v, { datastoreType: 'AzureDataLakeGen2', ...storage(v), filesystem: v.filesystem }),
  ),
  azure_data_lake_gen1: mapped(record({ ...COMMON, store_name: text }, { required: ['name', 'store_name'] }), (v) =>
    toDatastore(v, { datastoreType: 'AzureDataLakeGen1', storeName: v.store_name }),
  ),
});

/** A datastore: storage the workspace knows by name. */
export function planDatastore(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const store = readDatastore(source.node, { path: '', problems: planning.problems });
  if (store === undefined) return Promise.resolve(undefined);
  return Promise.resolve({
    kind: 'datastore',
    main: {
      do: 'put',
      key: 'datastore',
      collection: 'datastores',
      name: store.name ?? '',
      body: { properties: store.properties },
      query: { skipValidation: 'true' },
    },
  });
}

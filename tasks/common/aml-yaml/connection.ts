import { UNKNOWN_CREDENTIALS, connectionCredentials, type Credentials } from './connection-credentials.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { boolean, byType, mapped, record, text, textMap, type Fields, type Reader, type Values } from './readers.ts';
import { compact, type TemplateObject } from './templates.ts';

/** What every connection has. */
const COMMON = {
  name: text,
  type: text,
  description: text,
  credentials: connectionCredentials,
  is_shared: boolean,
  metadata: textMap,
  tags: textMap,
};

interface ReadConnection {
  readonly common: Values<typeof COMMON>;
  readonly category: string;
  readonly target: string | undefined;
  readonly credentials: Credentials;
  /** What the service keeps beside the user's own tags. */
  readonly metadata: TemplateObject;
}

/** A connection whose address is `target`. */
function general(category: string, without: Credentials = UNKNOWN_CREDENTIALS): Reader<ReadConnection> {
  return mapped(record({ ...COMMON, target: text }, { required: ['name', 'target'] }), (values) => ({
    common: values,
    category,
    target: values.target,
    credentials: values.credentials ?? without,
    metadata: {},
  }));
}

const ENTRA: Credentials = { authType: 'AAD', members: undefined };

/** A service that is called with a key; where the key is left out, with the caller's own identity. */
function keyed<F extends Fields>(
  category: string,
  address: 'target' | 'api_base' | 'azure_endpoint' | 'endpoint',
  fields: F,
  metadata: (values: Values<F>) => TemplateObject,
  needsKey = false,
): Reader<ReadConnection> {
  const all = { ...COMMON, api_key: text, target: text, [address]: text, ...fields };
  const required = ['name', address, ...(needsKey ? ['api_key'] : [])];
  return mapped(record(all, { required }), (read) => {
    const values = read as Values<typeof COMMON> & Values<F> & Readonly<Record<string, string | undefined>>;
    const key = values.api_key;
    return {
      common: values,
      category,
      target: values[address] ?? values.target,
      credentials: key === undefined ? ENTRA : { authType: 'ApiKey', members: { key } },
      metadata: metadata(values),
    };
  });
}

const BLOB_FIELDS = { ...COMMON, url: text, target: text, account_name: text, container_name: text };
const blob: Reader<ReadConnection> = mapped(
  record(BLOB_FIELDS, { required: ['name', 'account_name', 'container_name'] }),
  (values) => ({
    common: values,
    category: 'AzureBlob',
    target: values.url ?? values.target,
    credentials: values.credentials ?? ENTRA,
    metadata: compact({ ContainerName: values.container_name, AccountName: values.account_name }),
  }),
);

const none = (): TemplateObject => ({});

const readConnection: Reader<ReadConnection> = byType(
  {
    git: general('Git'),
    python_feed: general('PythonFeed'),
    container_registry: general('ContainerRegistry'),
    azure_sql_db: general('AzureSqlDb'),
    azure_synapse_analytics: general('AzureSynapseAnalytics'),
    azure_my_sql_db: general('AzureMySqlDb'),
    azure_postgres_db: general('AzurePostgresDb'),
    snowflake: general('Snowflake'),
    s3: general('S3'),
    custom: general('CustomKeys'),
    azure_data_lake_gen_2: general('ADLSGen2', ENTRA),
    azure_blob: blob,
    azure_open_ai: keyed(
      'AzureOpenAi',
      'azure_endpoint',
      { api_version: text, open_ai_resource_id: text },
      ({ api_version, open_ai_resource_id }) =>
        compact({ ApiVersion: api_version, ApiType: 'Azure', ResourceId: open_ai_resource_id }),
    ),
    azure_ai_services: keyed('AIServices', 'endpoint', { ai_services_resource_id: text }, (values) =>
      compact({ ResourceId: values.ai_services_resource_id }),
    ),
    azure_ai_search: keyed('CognitiveSearch', 'endpoint', {}, none),
    api_key: keyed('ApiKey', 'api_base', {}, none, true),
    open_ai: keyed('OpenAI', 'target', {}, none, true),
    serp: keyed('Serp', 'target', {}, none, true),
    serverless: keyed('Serverless', 'endpoint', {}, none, true),
  },
  undefined,
  'snake',
);

/** A connection to something outside of the workspace. */
export function planConnection(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readConnection(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return Promise.resolve(undefined);
  const { common, category, target, credentials } = values;
  const properties = compact({
    category,
    target,
    authType: credentials.authType,
    credentials: credentials.members,
    isSharedToAll: common.is_shared ?? true,
    metadata: { ...common.metadata, ...common.tags, ...values.metadata },
  });
  return Promise.resolve({
    kind: 'connection',
    main: { do: 'put', key: 'connection', collection: 'connections', name: common.name ?? '', body: { properties } },
  });
}

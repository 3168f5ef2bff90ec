import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import {
  boolean,
  byType,
  choice,
  mapped,
  record,
  text,
  textMap,
  type Fields,
  type Reader,
  type Values,
} from './readers.ts';
import { camelKeys, compact, type TemplateObject } from './templates.ts';

const CATEGORIES = {
  git: 'Git',
  python_feed: 'PythonFeed',
  container_registry: 'ContainerRegistry',
  azure_sql_db: 'AzureSqlDb',
  azure_synapse_analytics: 'AzureSynapseAnalytics',
  azure_my_sql_db: 'AzureMySqlDb',
  azure_postgres_db: 'AzurePostgresDb',
  snowflake: 'Snowflake',
  s3: 'S3',
};

interface Credentials {
  readonly authType: string;
  readonly members: TemplateObject;
}

function credentialsOf(authType: string, fields: Fields): Reader<Credentials> {
  return mapped(record({ type: text, ...fields }), (values: Values<Fields>) => {
    const members = Object.entries(values as Readonly<Record<string, string>>).filter(([key]) => key !== 'type');
    return { authType, members: camelKeys(Object.fromEntries(members)) };
  });
}

const credentials = byType({
  pat: credentialsOf('PAT', { pat: text }),
  username_password: credentialsOf('UsernamePassword', { username: text, password: text }),
  managed_identity: credentialsOf('ManagedIdentity', { client_id: text, resource_id: text }),
  access_key: credentialsOf('AccessKey', { access_key_id: text, secret_access_key: text }),
});

const readConnection = record(
  {
    name: text,
    type: choice(CATEGORIES, 'snake'),
    target: text,
    credentials,
    is_shared: boolean,
    metadata: textMap,
    tags: textMap,
  },
  { required: ['name', 'type', 'target'] },
);

/** A connection to something outside of the workspace. */
export function planConnection(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readConnection(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return Promise.resolve(undefined);
  const properties = compact({
    category: values.type,
    target: values.target,
    authType: values.credentials?.authType ?? 'None',
    credentials: values.credentials?.members,
    isSharedToAll: values.is_shared ?? true,
    metadata: { ...values.metadata, ...values.tags },
  });
  return Promise.resolve({
    kind: 'connection',
    main: { do: 'put', key: 'connection', collection: 'connections', name: values.name ?? '', body: { properties } },
  });
}

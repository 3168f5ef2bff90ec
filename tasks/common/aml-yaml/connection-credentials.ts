import { byType, mapped, record, text, type Fields, type Reader, type Values } from './readers.ts';
import type { TemplateObject } from './templates.ts';

/** What a connection signs in with, as it is sent. */
export interface Credentials {
  readonly authType: string;
  readonly members: TemplateObject | undefined;
}

export const UNKNOWN_CREDENTIALS: Credentials = { authType: 'None', members: undefined };

/** @param sent the name of each field in the body */
function credentialsOf(authType: string, sent: Readonly<Record<string, string>>): Reader<Credentials> {
  const fields: Fields = Object.fromEntries(Object.keys(sent).map((name) => [name, text]));
  return mapped(record({ type: text, ...fields }), (values: Values<Fields>) => {
    const given = values as Readonly<Record<string, string | undefined>>;
    const members = Object.entries(sent).flatMap(([name, member]): readonly (readonly [string, string])[] => {
      const value = given[name];
      return value === undefined ? [] : [[member, value]];
    });
    return { authType, members: Object.keys(sent).length === 0 ? undefined : Object.fromEntries(members) };
  });
}

/** The `credentials` of a connection, by their type. */
export const connectionCredentials: Reader<Credentials> = byType(
  {
    pat: credentialsOf('PAT', { pat: 'pat' }),
    sas: credentialsOf('SAS', { sas_token: 'sas' }),
    username_password: credentialsOf('UsernamePassword', { username: 'username', password: 'password' }),
    managed_identity: credentialsOf('ManagedIdentity', { client_id: 'clientId', resource_id: 'resourceId' }),
    service_principal: credentialsOf('ServicePrincipal', {
      client_id: 'clientId',
      client_secret: 'clientSecret',
      tenant_id: 'tenantId',
    }),
    access_key: credentialsOf('AccessKey', { access_key_id: 'accessKeyId', secret_access_key: 'secretAccessKey' }),
    api_key: credentialsOf('ApiKey', { key: 'key' }),
    // The service's own client sends an account's key under the name of a SAS.
    account_key: credentialsOf('AccountKey', { account_key: 'sas' }),
    aad: credentialsOf('AAD', {}),
    none: credentialsOf('None', {}),
  },
  undefined,
  'snake',
);

import { byType, listOf, mapped, oneOf, record, text, type Reader } from './readers.ts';
import type { TemplateObject } from './templates.ts';

const assigned = listOf(
  record({ resource_id: text, client_id: text, principal_id: text }, { required: ['resource_id'] }),
);

function userAssigned(type: string): Reader<TemplateObject> {
  return mapped(
    record(
      { type: text, user_assigned_identities: assigned, tenant_id: text },
      { required: ['user_assigned_identities'] },
    ),
    ({ user_assigned_identities }) => ({
      type,
      userAssignedIdentities: Object.fromEntries(
        (user_assigned_identities ?? []).map(({ resource_id }) => [resource_id ?? '', {}]),
      ),
    }),
  );
}

function withoutIdentities(type: string): Reader<TemplateObject> {
  return mapped(record({ type: text, principal_id: text, tenant_id: text }), () => ({ type }));
}

/** `identity` of a resource (an endpoint, a compute), as ARM has it. */
export const armIdentity: Reader<TemplateObject> = byType({
  system_assigned: withoutIdentities('SystemAssigned'),
  user_assigned: userAssigned('UserAssigned'),
  none: withoutIdentities('None'),
});

/** `enabled` or `disabled`, sent as written. */
export const switchedOn = oneOf(['enabled', 'disabled']);

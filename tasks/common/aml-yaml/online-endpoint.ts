import { armIdentity, switchedOn } from './arm-identity.ts';
import type { Deferred } from './plan.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { choice, integer, mapOf, oneOf, record, text, textMap } from './readers.ts';
import { computeId } from './references.ts';
import { compact } from './templates.ts';
import { member } from './yaml-node.ts';

/** The region of the workspace, known when the plan is carried out. */
export const WORKSPACE_LOCATION: Deferred = { $step: 'workspace', $field: 'location' };

export const AUTH_MODES = { key: 'Key', aml_token: 'AMLToken', aad_token: 'AADToken' };

const readOnlineEndpoint = record(
  {
    name: text,
    type: oneOf(['online', 'managed', 'kubernetes']),
    kind: oneOf(['managed', 'kubernetes', 'k8s']),
    location: text,
    description: text,
    tags: textMap,
    properties: textMap,
    auth_mode: choice(AUTH_MODES, 'snake'),
    public_network_access: switchedOn,
    compute: text,
    identity: armIdentity,
    traffic: mapOf(integer),
    mirror_traffic: mapOf(integer),
  },
  { required: ['name'] },
);

const NAME = /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;

/** An online endpoint, managed or on Kubernetes. */
export function planOnlineEndpoint(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readOnlineEndpoint(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return Promise.resolve(undefined);
  const name = values.name ?? '';
  if (name !== '' && !NAME.test(name)) {
    const place = member(source.node, 'name')?.place ?? source.node.place;
    planning.problems.add(
      place,
      `'${name}' is no valid endpoint name: it starts with a letter, ends with a letter or digit and has only letters, digits and '-'.`,
    );
  }
  const body = compact({
    location: values.location ?? WORKSPACE_LOCATION,
    tags: values.tags ?? {},
    identity: values.identity ?? { type: 'SystemAssigned' },
    properties: compact({
      authMode: values.auth_mode ?? 'Key',
      description: values.description,
      publicNetworkAccess: values.public_network_access,
      compute: values.compute === undefined ? undefined : computeId(planning, values.compute),
      // The service refuses an entry of 0 for a deployment that does not exist.
      traffic: withoutZeros(values.traffic ?? {}),
      mirrorTraffic: values.mirror_traffic ?? {},
      properties: values.properties ?? {},
    }),
  });
  return Promise.resolve({
    kind: 'onlineEndpoint',
    main: { do: 'put', key: 'endpoint', collection: 'onlineEndpoints', name, body },
  });
}

function withoutZeros(traffic: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(traffic).filter(([, percent]) => percent !== 0));
}

import { WORKSPACE_LOCATION } from './online-endpoint.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { choice, oneOf, record, text, textMap } from './readers.ts';
import { compact } from './templates.ts';

const readBatchEndpoint = record(
  {
    name: text,
    type: oneOf(['batch']),
    location: text,
    description: text,
    tags: textMap,
    properties: textMap,
    auth_mode: choice({ aad_token: 'aadToken' }, 'snake'),
    defaults: record({ deployment_name: text }),
  },
  { required: ['name'] },
);

/** A batch endpoint. */
export function planBatchEndpoint(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readBatchEndpoint(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return Promise.resolve(undefined);
  const body = {
    location: values.location ?? WORKSPACE_LOCATION,
    tags: values.tags ?? {},
    properties: compact({
      description: values.description,
      authMode: values.auth_mode ?? 'aadToken',
      properties: values.properties ?? {},
      defaults: values.defaults && compact({ deploymentName: values.defaults.deployment_name }),
    }),
  };
  return Promise.resolve({
    kind: 'batchEndpoint',
    main: { do: 'put', key: 'endpoint', collection: 'batchEndpoints', name: values.name ?? '', body },
  });
}

import { isoSeconds } from './durations.ts';
import {
  anyMap,
  boolean,
  byType,
  choice,
  integer,
  listOf,
  mapOf,
  mapped,
  oneOf,
  record,
  text,
  textMap,
  textOrNumber,
  type Reader,
} from './readers.ts';
import { compact, passThrough, type TemplateObject } from './templates.ts';

/*
 * Settings that jobs, pipeline nodes and components share. Each is read into the snake_case form of a pipeline node, with the
 * values in the service's spelling; a job's body is the same in camelCase.
 */

/** `resources`: of a component as written, of nodes and jobs with the same members. */
export const resources: Reader<TemplateObject> = mapped(
  record({
    instance_count: integer,
    instance_type: text,
    locations: listOf(text),
    shm_size: text,
    docker_args: (node, at) => (node.kind === 'list' ? listOf(text)(node, at) : text(node, at)),
    max_instance_count: integer,
    properties: mapped(anyMap, passThrough),
  }),
  (values) => compact(values),
);

export interface Distribution {
  /** The YAML's spelling, in lower case. */
  readonly type: string;
  /** The service's spelling. */
  readonly serviceType: string;
  readonly members: TemplateObject;
}

function distributionOf(
  type: string,
  serviceType: string,
  fields: Readonly<Record<string, Reader<string | number | boolean>>>,
  defaults: TemplateObject = {},
): Reader<Distribution> {
  // The service's client leaves unknown members of a distribution out and says nothing.
  return mapped(record({ type: text, ...fields }, { unknown: 'keep' }), (values) => {
    const members = Object.entries(values as TemplateObject).filter(([key]) => key !== 'type');
    return { type, serviceType, members: { ...defaults, ...Object.fromEntries(members) } };
  });
}

export const distribution: Reader<Distribution> = byType({
  pytorch: distributionOf('pytorch', 'PyTorch', { process_count_per_instance: integer }),
  mpi: distributionOf('mpi', 'Mpi', { process_count_per_instance: integer }),
  tensorflow: distributionOf(
    'tensorflow',
    'TensorFlow',
    { worker_count: integer, parameter_server_count: integer },
    { parameter_server_count: 0 },
  ),
  ray: distributionOf('ray', 'Ray', {
    port: integer,
    address: text,
    include_dashboard: boolean,
    dashboard_port: integer,
    head_node_additional_args: text,
    worker_node_additional_args: text,
  }),
});

/** `{distribution_type, …}` */
export function nodeDistribution(value: Distribution): TemplateObject {
  return { distribution_type: value.serviceType, ...value.members };
}

/** `{type, …}` as a component's spec has it. */
export function specDistribution(value: Distribution): TemplateObject {
  return { type: value.type, ...value.members };
}

/** `limits` of a command. */
export const commandLimits: Reader<TemplateObject> = mapped(record({ timeout: integer }), ({ timeout }) =>
  compact({ job_limits_type: 'Command', timeout: isoSeconds(timeout) }),
);

const managedIdentity = mapped(
  record({ type: text, client_id: text, object_id: text }),
  ({ client_id, object_id }): TemplateObject => compact({ identity_type: 'Managed', client_id, object_id }),
);
const userIdentity = mapped(record({ type: text }), (): TemplateObject => ({ identity_type: 'UserIdentity' }));
const amlToken = mapped(record({ type: text }), (): TemplateObject => ({ identity_type: 'AMLToken' }));

/** `identity` a job runs under. */
export const jobIdentity: Reader<TemplateObject> = byType(
  {
    managed: managedIdentity,
    managed_identity: managedIdentity,
    user_identity: userIdentity,
    aml_token: amlToken,
  },
  undefined,
  'snake',
);

const SERVICE_TYPES = {
  ssh: 'SSH',
  jupyter_lab: 'JupyterLab',
  tensor_board: 'TensorBoard',
  vs_code: 'VSCode',
  custom: null,
};

/** `services` that can be opened while a job runs. */
export const jobServices: Reader<Readonly<Record<string, TemplateObject>>> = mapOf(
  mapped(
    record(
      {
        type: choice(SERVICE_TYPES, 'snake'),
        nodes: oneOf(['all']),
        port: integer,
        properties: textMap,
        ssh_public_keys: text,
        log_dir: text,
      },
      { required: ['type'] },
    ),
    ({ type, nodes, port, properties, ssh_public_keys, log_dir }) => {
      const own = compact({ ...properties, sshPublicKeys: ssh_public_keys, logDir: log_dir });
      return compact({
        job_service_type: type ?? undefined,
        nodes: nodes && { nodes_value_type: 'All' },
        port,
        properties: Object.keys(own).length === 0 ? undefined : own,
      });
    },
  ),
);

/** `queue_settings` of a job on shared capacity. */
export const queueSettings: Reader<TemplateObject> = mapped(
  record({
    job_tier: choice({ spot: 'Spot', basic: 'Basic', standard: 'Standard', premium: 'Premium', null: 'Null' }),
    priority: choice({ low: 1, medium: 2, high: 3 }),
  }),
  (values) => compact(values),
);

/** Fields every job has, and every node of a pipeline. */
export const COMMON_JOB_FIELDS = {
  name: text,
  type: text,
  display_name: text,
  description: text,
  experiment_name: text,
  tags: textMap,
  properties: textMap,
  compute: text,
};

export const version = textOrNumber;

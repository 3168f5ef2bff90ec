/** Schedules: made, changed, listed and deleted by long-running operations. None of them ever starts a job. */
import type { EmulatorContext } from '../context.ts';
import { badBody, scheduleNotFound } from '../errors.ts';
import { armRoute } from '../http.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { asObject, objectAt, textAt, type Json, type JsonObject } from '../json.ts';
import type { OperationRequest } from '../operations.ts';
import { page } from './paging.ts';
import { COLLECTIONS, created, modified, type SystemData } from './resource.ts';
import { apiVersionOf, WORKSPACE_PATH, workspaceOf } from './workspace-scope.ts';

interface ScheduleRecord {
  readonly id: string;
  readonly name: string;
  readonly properties: JsonObject;
  readonly provisioningState: string;
  readonly systemData: SystemData;
}

const PATH = `${WORKSPACE_PATH}/schedules`;
const PAGE_SIZE = 100;
const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `schedule/${name}` });

export function scheduleRoutes(context: EmulatorContext): Route[] {
  const one = `${PATH}/{schedule}`;
  return [
    armRoute('GET', PATH, recorded('get_and_list_enabled'), (request) => list(context, request)),
    armRoute('GET', one, recorded('get_and_list_enabled'), (request) => ({
      status: 200,
      body: describe(existing(context, request)),
    })),
    armRoute('PUT', one, recorded('create_cron_lro'), (request) => put(context, request)),
    armRoute('DELETE', one, recorded('update_disable_delete_404'), (request) => remove(context, request)),
  ];
}

function store(context: EmulatorContext) {
  return context.state.collection<ScheduleRecord>(COLLECTIONS.schedules);
}

function idOf(context: EmulatorContext, request: Incoming): string {
  return `${workspaceOf(context, request).id}/schedules/${request.params.schedule ?? ''}`;
}

function existing(context: EmulatorContext, request: Incoming): ScheduleRecord {
  const found = store(context).get(idOf(context, request));
  if (found === undefined) throw scheduleNotFound(request.params.schedule ?? '');
  return found;
}

/** The service answers neither an id nor a type for a schedule. */
function describe({ name, properties, provisioningState, systemData }: ScheduleRecord): JsonObject {
  return { name, properties: { ...properties, provisioningState }, systemData };
}

function list(context: EmulatorContext, request: Incoming): Reply {
  const wanted = request.query.get('listViewType') ?? 'EnabledOnly';
  const records = store(context)
    .list(`${workspaceOf(context, request).id}/schedules/`)
    .map(({ value }) => value)
    .filter(({ properties }) => wanted === 'All' || (properties.isEnabled === true) === (wanted === 'EnabledOnly'));
  return { status: 200, body: page(request, records.map(describe), PAGE_SIZE) };
}

async function put(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const id = idOf(context, request);
  const schedules = store(context);
  const before = schedules.get(id);
  const { clock } = context;
  const record: ScheduleRecord = {
    id,
    name: before?.name ?? request.params.schedule ?? '',
    properties: readProperties(asObject(asObject(await request.json()).properties)),
    provisioningState: 'Creating',
    systemData:
      before === undefined ? created(clock, request.caller) : modified(before.systemData, clock, request.caller),
  };
  schedules.put(id, record);
  const settle = (provisioningState: string) => (): undefined => {
    schedules.update(id, (current) => ({ ...current, ...settled(current, clock.iso()), provisioningState }));
  };
  const headers = start(context, request, {
    verb: 'put',
    complete: settle('Succeeded'),
    fail: settle('Failed'),
  });
  // A change is answered as a creation is, and neither with name or systemData.
  return { status: 201, headers, body: { properties: describe(record).properties } };
}

/** A schedule without a start begins when it has been made. */
function settled({ properties }: ScheduleRecord, now: string): Pick<ScheduleRecord, 'properties'> {
  const trigger = asObject(properties.trigger);
  if (trigger.startTime !== null) return { properties };
  return { properties: { ...properties, trigger: { ...trigger, startTime: now.slice(0, 19) } } };
}

function remove(context: EmulatorContext, request: Incoming): Reply {
  const id = idOf(context, request);
  if (store(context).get(id) === undefined) return { status: 204 };
  const headers = start(context, request, {
    verb: 'delete',
    complete: () => {
      store(context).delete(id);
      return undefined;
    },
  });
  return { status: 202, headers, body: null };
}

function start(
  context: EmulatorContext,
  request: Incoming,
  rest: Pick<OperationRequest, 'verb' | 'complete' | 'fail'>,
): Readonly<Record<string, string>> {
  const { subscriptionId, region, workspaceId } = workspaceOf(context, request);
  return context.operations.start({
    family: 'schedule',
    target: idOf(context, request),
    subscriptionId,
    region,
    workspaceId,
    apiVersion: apiVersionOf(request),
    durationMs: context.timings.scheduleChange,
    ...rest,
  }).headers;
}

const TRIGGERS = ['Cron', 'Recurrence'];
const ACTIONS = ['CreateJob', 'ImportData', 'CreateMonitor', 'InvokeBatchEndpoint'];

/** What was sent, with everything that the service fills in. */
function readProperties(sent: JsonObject): JsonObject {
  const trigger = asObject(sent.trigger);
  const action = asObject(sent.action);
  checkWord('trigger.triggerType', textAt(trigger, 'triggerType'), TRIGGERS);
  checkWord('action.actionType', textAt(action, 'actionType'), ACTIONS);
  const definition = objectAt(action, 'jobDefinition');
  const isMonitor = action.actionType === 'CreateMonitor';
  return {
    description: sent.description ?? null,
    tags: sent.tags ?? {},
    properties: {
      ...asObject(sent.properties),
      ...(isMonitor && { 'azureml.telemetry.attribution': 'model-monitoring' }),
    },
    displayName: sent.displayName ?? null,
    isEnabled: sent.isEnabled ?? true,
    trigger: { endTime: null, startTime: null, timeZone: 'UTC', ...asObject(recased(trigger)) },
    action: isMonitor
      ? asObject(recased(action))
      : { ...action, ...(definition !== undefined && { jobDefinition: { ...JOB_DEFAULTS, ...definition } }) },
  };
}

function checkWord(member: string, word: string | undefined, known: readonly string[]): void {
  if (known.some((name) => name === word)) return;
  throw badBody(`The value ${word ?? 'null'} of ${member} is not one of ${known.join(', ')}.`);
}

const JOB_DEFAULTS: JsonObject = {
  description: null,
  tags: null,
  properties: null,
  displayName: null,
  status: 'NotStarted',
  experimentName: '',
  services: null,
  computeId: null,
  isArchived: false,
  identity: null,
  componentId: null,
  notificationSetting: null,
  secretsConfiguration: null,
  settings: null,
  jobs: null,
  inputs: null,
  outputs: null,
  sourceJobId: null,
};

/** Members whose words are taken in any case and answered in the service's own. */
const RECASED = new Set(['frequency', 'weekDays', 'metric', 'dataContext', 'mode']);

function recased(value: Json, member = ''): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => recased(item, member));
  if (typeof value === 'string') {
    return RECASED.has(member) ? value.charAt(0).toUpperCase() + value.slice(1) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, item]): [string, Json] => [name, recased(item ?? null, name)]);
  return Object.fromEntries(members);
}

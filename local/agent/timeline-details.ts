/** `task.logdetail`: nested records of a step's timeline (agent source: TaskCommandExtension.cs). */
import type { LoggingCommand } from './logging-commands.ts';
import type { TimelineDetail } from './records.ts';
import type { StepState } from './step-state.ts';
import { parseResult } from './task-result.ts';

const STATES = ['Pending', 'InProgress', 'Completed'];
const GUID = /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i;

/** Creates or updates a detail. The first use of an id needs name and type, a parent must exist and cannot change. */
export function logDetail(command: LoggingCommand, step: StepState): void {
  const { properties, data } = command;
  const id = guid(properties.get('id'), 'id');
  const parent = properties.get('parentid');
  const parentId = parent === undefined ? undefined : guid(parent, 'parentid');
  const earlier = step.details.get(id);
  if (earlier === undefined) checkNew(command, parentId, step);
  else if (parentId !== undefined && parentId !== earlier.parentId) {
    throw new Error('The parent of a timeline record cannot be changed.');
  }
  const state = readState(properties.get('state')) ?? earlier?.state ?? 'InProgress';
  const result = properties.get('result');
  const update: TimelineDetail = {
    id,
    parentId: parentId ?? earlier?.parentId,
    name: properties.get('name') ?? earlier?.name ?? '',
    type: properties.get('type') ?? earlier?.type ?? '',
    order: integer(properties.get('order')) ?? earlier?.order,
    progress: clamp(integer(properties.get('progress'))) ?? (state === 'Completed' ? 100 : earlier?.progress),
    state,
    result: result === undefined ? earlier?.result : (parseResult(result) ?? 'Succeeded'),
    currentOperation: data === '' ? earlier?.currentOperation : step.job.masker.mask(data),
    startTime: properties.get('starttime') ?? earlier?.startTime,
    finishTime: properties.get('finishtime') ?? earlier?.finishTime,
  };
  step.details.set(id, update);
}

/** Details still open when the step ends are completed as succeeded. */
export function completeDetails(details: Iterable<TimelineDetail>): TimelineDetail[] {
  return [...details].map((detail) => ({
    ...detail,
    state: 'Completed',
    result: detail.result ?? 'Succeeded',
    progress: detail.progress ?? 100,
  }));
}

function checkNew(command: LoggingCommand, parentId: string | undefined, step: StepState): void {
  if ((command.properties.get('name') ?? '') === '') throw new Error('A new timeline record needs a name.');
  if ((command.properties.get('type') ?? '') === '') throw new Error('A new timeline record needs a type.');
  if (parentId !== undefined && !step.details.has(parentId)) {
    throw new Error('The parent of this timeline record has not been created.');
  }
}

function guid(text: string | undefined, property: string): string {
  if (text === undefined || !GUID.test(text.trim())) throw new Error(`The property '${property}' must be a GUID.`);
  return text.trim().toLowerCase();
}

function readState(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return STATES.find((state) => state.toLowerCase() === text.toLowerCase()) ?? 'Pending';
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined;
}

function clamp(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : Math.min(Math.max(percent, 0), 100);
}

/** The `task.*` logging commands (agent source: TaskCommandExtension.cs). A handler that throws fails the step. */
import { existsSync, statSync } from 'node:fs';
import { basename, isAbsolute, relative } from 'node:path';
import type { CommandHandler } from './command-handler.ts';
import { endpointSecrets, SYSTEM_CONNECTION, type Endpoint } from './endpoints.ts';
import type { LoggingCommand } from './logging-commands.ts';
import { FILE_TYPE, SUMMARY_TYPE } from './records.ts';
import { allowsVariable } from './restrictions.ts';
import type { StepState } from './step-state.ts';
import { parseResult } from './task-result.ts';
import { logDetail } from './timeline-details.ts';

export const TASK_COMMANDS: Readonly<Record<string, CommandHandler>> = {
  logissue: logIssue,
  issue: logIssue,
  debug: ({ data }, step) => {
    step.debug(data);
  },
  complete,
  setprogress: setProgress,
  logdetail: logDetail,
  setvariable: setVariable,
  settaskvariable: setTaskVariable,
  setsecret: ({ data }, step) => {
    step.job.masker.addTaskSecret(data);
  },
  prependpath: prependPath,
  setendpoint: setEndpoint,
  addattachment: addAttachment,
  uploadsummary: ({ data }, step) => {
    attach(SUMMARY_TYPE, basename(data), data, step);
  },
  uploadfile: ({ data }, step) => {
    attach(FILE_TYPE, basename(data), data, step);
  },
};

/** Reads a required property. */
export function required(command: LoggingCommand, property: string): string {
  const value = command.properties.get(property);
  if (value === undefined || value === '') throw new Error(`The property '${property}' is required.`);
  return value;
}

function flag(command: LoggingCommand, property: string): boolean {
  return command.properties.get(property)?.trim().toLowerCase() === 'true';
}

function logIssue({ properties, data }: LoggingCommand, step: StepState): void {
  const type = properties.get('type');
  if (type === undefined) {
    step.warning("Can't create TaskIssue from logging event.");
    return;
  }
  const kind = type.toLowerCase();
  if (kind !== 'error' && kind !== 'warning') throw new Error(`issue type ${type} is not an expected issue type.`);
  const source = properties.get('sourcepath');
  if (source !== undefined) properties.set('sourcepath', repositoryPath(source, step));
  const shown = properties.get('sourcepath');
  const place = `${shown ?? ''}(${properties.get('linenumber') ?? ''},${properties.get('columnnumber') ?? ''})`;
  const message = shown === undefined ? data : `${place}: ${type} ${properties.get('code') ?? ''}: ${data}`;
  step.addIssue(kind, message, Object.fromEntries([...properties.entries()].map(([k, v]) => [k.toLowerCase(), v])));
}

function repositoryPath(path: string, step: StepState): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(step.job.sourcesFolder, path);
  return inside.startsWith('..') ? path : inside;
}

function complete(command: LoggingCommand, step: StepState): void {
  const result = parseResult(command.properties.get('result') ?? '');
  if (result === undefined) {
    throw new Error(`Command doesn't have a valid result value: '${command.properties.get('result') ?? ''}'.`);
  }
  step.mergeResult(result);
  step.setProgress(100, command.data);
  if (['1', 'true', '$true'].includes(command.properties.get('done')?.toLowerCase() ?? '')) step.onDone();
}

function setProgress({ properties, data }: LoggingCommand, step: StepState): void {
  const text = properties.get('value')?.trim() ?? '';
  const percent = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  step.setProgress(Math.min(Math.max(percent, 0), 100), data);
}

function setVariable(command: LoggingCommand, step: StepState): void {
  const name = required(command, 'variable');
  const { variables, masker } = step.job;
  const secret = flag(command, 'issecret') || (variables.find(name)?.secret ?? false);
  if (secret) {
    if (command.data.includes('\n') && !variables.isTrue('SYSTEM_UNSAFEALLOWMULTILINESECRET')) {
      throw new Error('Secrets cannot contain multiple lines');
    }
    // Before the restrictions: a value the task calls secret is masked even if it may not be set.
    masker.addTaskSecret(command.data);
  }
  if (!settable(name, step)) return;
  refuseReadOnly(name, step);
  const { outputNames, name: stepName } = step.settings;
  const isOutput = flag(command, 'isoutput');
  const readOnly = flag(command, 'isreadonly');
  const preserveCase = flag(command, 'preservecase');
  if (isOutput || outputNames.some((output) => output.toLowerCase() === name.toLowerCase())) {
    step.outputs.set(name, { value: command.data, secret });
    variables.set(`${stepName}.${name}`, command.data, { secret, readOnly: isOutput || readOnly, preserveCase });
  } else variables.set(name, command.data, { secret, readOnly, preserveCase });
}

function settable(name: string, step: StepState): boolean {
  if (allowsVariable(step.settings.restrictions, name)) return true;
  step.warning(`Setting variable '${name}' is not allowed in this step due to policy restrictions.`);
  return false;
}

function refuseReadOnly(name: string, step: StepState): void {
  const { variables } = step.job;
  if (variables.find(name)?.readOnly !== true) return;
  if (variables.isTrue('agent.readOnlyVariables')) throw new Error(`Variable '${name}' is read-only.`);
  step.warning(`Overwriting readonly variable '${name}'. This behavior will be disabled in the future.`);
}

function setTaskVariable(command: LoggingCommand, step: StepState): void {
  const secret = flag(command, 'issecret');
  if (secret) step.job.masker.addTaskSecret(command.data);
  step.settings.taskVariables.set(required(command, 'variable'), command.data, {
    secret,
    readOnly: flag(command, 'isreadonly'),
    preserveCase: flag(command, 'preservecase'),
  });
}

function prependPath({ data }: LoggingCommand, step: StepState): void {
  if (data === '') throw new Error('A path is required.');
  if (!settable('path', step)) return;
  const { prependPath: paths } = step.job;
  const at = paths.indexOf(data);
  if (at >= 0) paths.splice(at, 1);
  paths.push(data);
}

function setEndpoint(command: LoggingCommand, step: StepState): void {
  const id = required(command, 'id');
  const field = required(command, 'field');
  if (command.data === '') throw new Error('A value is required.');
  if (id.toUpperCase() === SYSTEM_CONNECTION) {
    step.warning('The system connection cannot be changed by a task.');
    return;
  }
  const at = step.job.endpoints.findIndex((endpoint) => endpoint.id.toLowerCase() === id.toLowerCase());
  const endpoint = step.job.endpoints[at];
  if (endpoint === undefined) throw new Error(`The connection '${id}' is not in this job.`);
  const changed = changeEndpoint(endpoint, field, field === 'url' ? '' : required(command, 'key'), command.data);
  for (const secret of endpointSecrets(changed)) step.job.masker.add(secret);
  step.job.endpoints[at] = changed;
}

function changeEndpoint(endpoint: Endpoint, field: string, key: string, value: string): Endpoint {
  switch (field.toLowerCase()) {
    case 'url':
      return { ...endpoint, url: new URL(value).href };
    case 'dataparameter':
      return { ...endpoint, data: { ...endpoint.data, [key]: value } };
    case 'authparameter':
      return { ...endpoint, parameters: { ...endpoint.parameters, [key]: value } };
    default:
      throw new Error(`The field '${field}' is none of url, dataParameter, authParameter.`);
  }
}

function addAttachment(command: LoggingCommand, step: StepState): void {
  attach(required(command, 'type'), required(command, 'name'), command.data, step);
}

/** The file must be there now; it is read after the process has ended. */
function attach(type: string, name: string, path: string, step: StepState): void {
  for (const part of [type, name]) {
    if (/[/\0]/.test(part)) throw new Error(`'${part}' contains characters a file name cannot have.`);
  }
  if (path === '' || !existsSync(path) || !statSync(path).isFile()) {
    throw new Error(`Cannot find the file to attach: '${path}'.`);
  }
  const queued = step.attachments.findIndex((each) => each.type === type && each.name === name);
  if (queued >= 0) step.attachments.splice(queued, 1);
  step.attachments.push({ type, name, path });
}

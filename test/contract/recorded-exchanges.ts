/** Plays recorded requests against an emulator and compares its answers with the recorded ones: status, headers, shape. */
import { readFileSync } from 'node:fs';
import type { Emulator } from '../../local/emulator/emulator.ts';
import { asObject, isJsonObject, textAt, type Json, type JsonObject } from '../../local/emulator/json.ts';
import { applicationToken } from './emulator.ts';
import { send, until, type Answer } from './job-workspace.ts';

export interface Exchange {
  readonly request: { readonly method: string; readonly url: string; readonly body: Json };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Json;
  };
}

export interface Recording {
  readonly operation: string;
  readonly exchanges: readonly Exchange[];
}

export function readRecording(file: string | URL): Recording {
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}

/** A path of keys in an answer where it may differ from the recorded one, and why. */
export type Exemption = readonly [path: RegExp, reason: string];

/** Plays all exchanges in order; the result says every difference in words, none when the answers are alike. */
export async function playRecording(
  emulator: Emulator,
  workspace: string,
  recording: Recording,
  exemptions: readonly Exemption[] = [],
): Promise<string[]> {
  const differences: string[] = [];
  let operation: Readonly<Record<string, string>> = {};
  for (const [index, exchange] of recording.exchanges.entries()) {
    const url = targetUrl(emulator, workspace, exchange.request.url, operation);
    const answer = await ask(emulator, exchange, url);
    const started = operationHeaders(answer);
    if (Object.keys(started).length > 0) operation = started;
    const place = `${recording.operation}[${index}] ${exchange.request.method}`;
    differences.push(...compareAnswer(exchange, answer, exemptions).map((difference) => `${place}: ${difference}`));
  }
  return differences;
}

/** Where a long-running operation is followed. */
const OPERATION = /operations?(status|results)|\/v1\.0\/operations\//i;

/** One request of a recording; the poll of an operation that has ended in the recording is repeated until it has here. */
async function ask(emulator: Emulator, { request, response }: Exchange, url: string): Promise<Answer> {
  const once = (): Promise<Answer> =>
    send(
      emulator,
      request.method,
      url,
      { authorization: `Bearer ${applicationToken(emulator, 'https://management.azure.com')}` },
      request.body ?? undefined,
    );
  if (!OPERATION.test(url)) return once();
  const wanted = textAt(response.body, 'status');
  return until(
    async () => {
      const answer = await once();
      return answer.status === response.status && (wanted === undefined || answer.body.status === wanted)
        ? answer
        : undefined;
    },
    `${url} to answer ${response.status} ${wanted ?? ''}`,
  );
}

/** The recorded URL in an emulated workspace; operations are polled where this emulator's answers say. */
function targetUrl(
  emulator: Emulator,
  workspace: string,
  recorded: string,
  operation: Readonly<Record<string, string>>,
): string {
  if (OPERATION.test(recorded)) {
    const wantsLocation = /type=location|mfeOperationResults|\/v1\.0\/operations\//.test(recorded);
    const url = wantsLocation ? operation.location : operation['azure-asyncoperation'];
    if (url === undefined) throw new Error(`There is no operation to poll for ${recorded}.`);
    return url;
  }
  const { subscriptionId, resourceGroup, region } = emulator.settings;
  return recorded
    .replace(/^https:\/\/[a-z0-9]+\.api\.azureml\.ms/, `https://${region}.api.azureml.ms`)
    .replace(/^https:\/\/cert-[a-z0-9]+\.experiments\.azureml(-test)?\.net/, `https://${region}.api.azureml.ms`)
    .replace(/subscriptions\/[^/]+/i, `subscriptions/${subscriptionId}`)
    .replace(/resourceGroups\/[^/]+/i, `resourceGroups/${resourceGroup}`)
    .replace(/\{any-guid\}|\{guid\}/, '00000000-0000-4000-8000-00000000c0de')
    .replace(/workspaces\/(?:00000|\{mvnet_ws\})(?=[/?])/, `workspaces/${workspace}`);
}

function operationHeaders(answer: Answer): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['azure-asyncoperation', 'location'] as const) {
    const value = answer.headers[name];
    if (typeof value === 'string' && OPERATION.test(value)) found[name] = value;
  }
  return found;
}

function compareAnswer({ response }: Exchange, answer: Answer, exemptions: readonly Exemption[]): string[] {
  const differences: string[] = [];
  if (answer.status !== response.status)
    differences.push(`status ${answer.status} and not ${response.status}: ${answer.text}`);
  for (const [name, value] of Object.entries(response.headers)) {
    const own = answer.headers[name.toLowerCase()];
    if (own === undefined && name !== 'Build-ID') differences.push(`has no header ${name}`);
    else if (name === 'x-ms-response-type' && own !== value)
      differences.push(`${name} is ${String(own)} and not ${value}`);
  }
  if (response.body === null) {
    if (answer.text !== '' && answer.text !== 'null') differences.push(`has a body: ${answer.text}`);
    return differences;
  }
  const body: Json = answer.text === '' ? null : (JSON.parse(answer.text) as Json);
  return [...differences, ...compareShape(response.body, body, '', exemptions)];
}

/** Keys must be the same, null where null was recorded, and types alike; values are free. */
function compareShape(recorded: Json, own: Json, path: string, exemptions: readonly Exemption[]): string[] {
  if (exemptions.some(([pattern]) => pattern.test(path))) return [];
  if (kindOf(recorded) !== kindOf(own))
    return [`${path} is ${JSON.stringify(own)} and not ${JSON.stringify(recorded)}`];
  if (Array.isArray(recorded) && Array.isArray(own)) return compareArrays(recorded, own, path, exemptions);
  if (!isJsonObject(recorded) || !isJsonObject(own)) return [];
  const [left, right]: readonly JsonObject[] = [recorded, own];
  const keys = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  if (keys.has('…')) return [];
  return [...keys].flatMap((key) => {
    const inner = `${path}.${key}`;
    if (exemptions.some(([pattern]) => pattern.test(inner))) return [];
    if (!(key in recorded)) return [`${inner} is not in the recording`];
    if (!(key in own)) return [`${inner} is missing`];
    return compareShape(recorded[key] ?? null, own[key] ?? null, inner, exemptions);
  });
}

function compareArrays(
  recorded: readonly Json[],
  own: readonly Json[],
  path: string,
  exemptions: readonly Exemption[],
): string[] {
  // additionalInfo is a list of named members: each must be there.
  const names = (list: readonly Json[]): string => list.map((item) => JSON.stringify(asObject(item).type)).join(',');
  if (path.endsWith('.additionalInfo')) {
    return names(recorded) === names(own) ? [] : [`${path} has ${names(own)} and not ${names(recorded)}`];
  }
  const [first, second] = [recorded[0], own[0]];
  if (first === undefined || second === undefined) {
    return first === second ? [] : [`${path} has ${own.length} items and not ${recorded.length}`];
  }
  return compareShape(first, second, `${path}[]`, exemptions);
}

function kindOf(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

import assert from 'node:assert/strict';
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clientComponentHash } from '../../tasks/common/aml-yaml/anonymous-versions.ts';
import { nodeFiles } from '../../tasks/common/agent/files.ts';
import { openRegistry, openWorkspace } from '../../tasks/common/azure/workspace.ts';
import { at, isJsonObject, type Json } from '../../tasks/common/domain/json.ts';
import type { Registry } from '../../tasks/common/ports.ts';
import { startCloudDouble, type CloudDouble } from '../contract/azure/cloud-double.ts';
import { connection } from '../fixtures/azure/connection.ts';
import { FakeClock, FakeLog } from '../unit/fakes/fake-agent.ts';
import { silentAgent, WORKSPACE } from './run-case.ts';
import { isWrite, lineOf, loadTraces, type Trace, type TraceRequest } from './trace.ts';
import { COMMANDS, NOT_OFFERED, type Differences, type TraceCommand, type TraceContext } from './trace-commands.ts';
import { TraceService, type SentRequest } from './trace-service.ts';

/** Recorded exchanges of azure-ai-ml; they are no part of the repository. Ours always run. */
const RECORDED = resolve(import.meta.dirname, '../../../shared/conformance');
const OWN = resolve(import.meta.dirname, '../fixtures/traces');

/**
 * What equal means: the same writes in the same order with the same bodies and api-versions, and the same reads but for those a
 * command names with its reason. Where a command writes more on purpose, the recorded body must be a part of the one sent.
 */
describe('commands as the service’s own client was recorded to send them', () => {
  let cloud: CloudDouble;
  let service: TraceService | undefined;

  before(async () => {
    cloud = await startCloudDouble({
      handler: (request, response) => {
        service?.handle(request, response);
      },
    });
  });
  after(() => cloud.close());

  for (const [folder, inputs] of [
    [OWN, resolve(import.meta.dirname, '../fixtures/aml-yaml')],
    [join(RECORDED, 'traces'), join(RECORDED, 'inputs')],
  ] as const) {
    for (const trace of loadTraces(folder)) {
      it(`${trace.name}: ${trace.call}`, async function () {
        const command = COMMANDS.find(({ call }) => call.test(trace.call));
        if (command === undefined) {
          const reason = NOT_OFFERED.find(([call]) => call.test(trace.call));
          assert.ok(reason !== undefined, `No command is like '${trace.call}'.`);
          this.skip();
        }
        const log = new FakeLog();
        const clock = new FakeClock();
        service = new TraceService(trace, clock);
        const context = await contextOf(cloud, clock, log);
        await command.run(context, matchOf(command, trace), trace, existsSync(inputs) ? realpathSync(inputs) : inputs);
        assertSame(trace, service.sent, command.differs);
        assertLogs(trace, log);
      });
    }
  }
});

function matchOf({ call }: TraceCommand, trace: Trace): RegExpExecArray {
  const match = call.exec(trace.call);
  assert.ok(match !== null);
  return match;
}

async function contextOf({ network }: CloudDouble, clock: FakeClock, log: FakeLog): Promise<TraceContext> {
  const writeTemporaryFile = (name: string): Promise<string> => Promise.resolve(`/nowhere/${name}`);
  const agent = { ...silentAgent(), files: nodeFiles, clock, log, writeTemporaryFile };
  const own = connection({ subscriptionId: WORKSPACE.subscriptionId });
  const workspace = await openWorkspace({
    agent: { ...agent, network },
    connection: own,
    resourceGroup: WORKSPACE.resourceGroup,
    workspace: WORKSPACE.name,
  });
  const registry = (name: string): Promise<Registry> =>
    openRegistry({ ...agent, network, connection: () => own }, undefined, name);
  return { agent, workspace, registry };
}

function assertSame(trace: Trace, sent: readonly SentRequest[], differs: Differences | undefined): void {
  const ours = sent.map((request) => ({ line: shown(request.line, request.apiVersion), write: isWrite(request.line) }));
  const theirs = trace.requests.map((request) => ({
    line: shown(lineOf(request), request.apiVersion),
    write: isWrite(lineOf(request)),
  }));
  const more = onlyIn(ours, theirs).filter((line) => !isNamed(differs?.more, line));
  const fewer = onlyIn(theirs, ours).filter((line) => !isNamed(differs?.fewer, line));
  assert.deepEqual({ more, fewer }, { more: [], fewer: [] });
  const writes = sent.filter(({ line }) => isWrite(line));
  const expected = trace.requests.filter((request) => isWrite(lineOf(request)));
  assert.deepEqual(
    inOrder(writes.map(({ line, apiVersion }) => shown(line, apiVersion))),
    inOrder(expected.map((request) => shown(lineOf(request), request.apiVersion))),
  );
  for (const request of expected) assertContent(request, writes, differs, trace.placeholders ?? {});
}

interface Line {
  readonly line: string;
  readonly write: boolean;
}

/** Reads of one side that the other does not have. */
function onlyIn(one: readonly Line[], other: readonly Line[]): readonly string[] {
  const known = new Set(other.map(({ line }) => line));
  return [...new Set(one.flatMap(({ line, write }) => (write || known.has(line) ? [] : [line])))];
}

function isNamed(patterns: readonly RegExp[] | undefined, line: string): boolean {
  return patterns?.some((pattern) => pattern.test(line.replace(/ @.*$/, ''))) === true;
}

/** With the api-version; made-up names look alike. */
function shown(line: string, apiVersion: string | undefined): string {
  const plain = withoutGenerated(line);
  return apiVersion === undefined ? plain : `${plain} @${apiVersion}`;
}

function withoutGenerated(text: string): string {
  return text.replaceAll(/<guid-\d+>/g, '<guid>').replaceAll(/(codes|tempdatarefs)\/[0-9a-f-]{36}/g, '$1/<guid>');
}

/** The last write stays the last; those before it may change places, because uploads run at once. */
function inOrder(lines: readonly string[]): readonly string[] {
  return [...new Set([...lines.slice(0, -1).toSorted(), ...lines.slice(-1)])];
}

function assertContent(
  expected: TraceRequest,
  writes: readonly SentRequest[],
  differs: Differences | undefined,
  placeholders: Readonly<Record<string, string>>,
): void {
  const line = lineOf(expected);
  const sent = writes.findLast((write) => withoutGenerated(write.line) === withoutGenerated(line));
  assert.ok(sent !== undefined, line);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const found: string | string[] | undefined = sent.headers[name.toLowerCase()];
    if (value.includes('<')) assert.ok(found !== undefined, `${line}: ${name}`);
    else assert.equal(found, value, `${line}: ${name}`);
  }
  if (expected.body === undefined) return;
  const [body, wanted] = [
    normal(withExplainedHash(JSON.parse(sent.body.toString()) as Json, {})),
    without(normal(withExplainedHash(expected.body, placeholders)), differs?.notWritten),
  ];
  if (differs?.writesMore === true) assert.deepEqual(body, merged(body, wanted), line);
  else assert.deepEqual(body, wanted, line);
}

/** A component's hash depends on the made-up name of its code: where it is that of the spec beside it, the spec decides. */
function withExplainedHash(body: Json, placeholders: Readonly<Record<string, string>>): Json {
  const recorded = Object.entries(placeholders).reduce(
    (text, [name, value]) => text.replaceAll(name, value),
    JSON.stringify(body),
  );
  const spec = at(JSON.parse(recorded) as Json, 'properties', 'componentSpec');
  if (!isJsonObject(spec)) return body;
  return JSON.parse(JSON.stringify(body).replaceAll(clientComponentHash(spec), '<hash of the spec>')) as Json;
}

/** Members that say nothing are left out. */
function normal(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return withoutGenerated(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => normal(item) ?? null);
  if (!isJsonObject(value)) return value ?? undefined;
  const members = Object.entries(value).flatMap(([key, member]): readonly (readonly [string, Json])[] => {
    const own = /^(isArchived|isAnonymous)$/.test(key) && member === false ? undefined : normal(member);
    return own === undefined || (typeof own === 'object' && Object.keys(own ?? {}).length === 0) ? [] : [[key, own]];
  });
  return Object.fromEntries(members);
}

function without(value: Json | undefined, paths: readonly string[] = []): Json | undefined {
  return paths.reduce((body, path) => withoutMember(body, path.split('.')), value);
}

function withoutMember(value: Json | undefined, [key, ...rest]: readonly string[]): Json | undefined {
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]): readonly (readonly [string, Json])[] => {
    if (name !== key) return [[name, member ?? null]];
    return rest.length === 0 ? [] : [[name, withoutMember(member, rest) ?? null]];
  });
  return Object.fromEntries(members);
}

/** The first with what the second says in its place. */
function merged(into: Json | undefined, wanted: Json | undefined): Json | undefined {
  if (!isJsonObject(into) || !isJsonObject(wanted)) return wanted;
  const members = Object.entries(wanted).map(([key, value]): [string, Json] => [key, merged(into[key], value) ?? null]);
  return { ...into, ...Object.fromEntries(members) };
}

/** Each line of the log as it stood at the end, once and in order. */
function assertLogs({ requests }: Trace, log: FakeLog): void {
  const content = requests.findLast(({ responseText }) => responseText !== undefined)?.responseText;
  if (content === undefined) return;
  const lines = content.trimEnd().split('\n');
  assert.deepEqual(
    log.lines.filter((line) => lines.includes(line)),
    lines,
  );
}

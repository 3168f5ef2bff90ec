// task.json against code, bundle and README: what the service, the agent and tfx do not check.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStale } from '../../../scripts/generate.ts';
import { readTasks, repositoryRoot, type Task } from '../../../scripts/task-contract.ts';
import { type Wiring, wiringsOf } from './wiring.ts';

/** The agent ignores a handler it does not know, without a word (TaskManager.cs, ExecutionData). */
const HANDLERS = ['Node20_1', 'Node24'];
const INPUT_TYPES = /^(boolean|filePath|multiLine|pickList|radio|secureFile|string|int|connectedService:\w+)$/;
const SHARED_INPUTS = ['azureSubscription', 'subscriptionId', 'resourceGroupName', 'workspaceName'];

const tasks = readTasks();

function entryFiles(task: Task): readonly string[] {
  return ['index.ts', 'post.ts'].map((name) => join(task.folder, name)).filter(existsSync);
}

function entry(task: Task, name: string): string | undefined {
  const path = join(task.folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Names in `$(x)` of a format, or left of an operator in a visibility rule. */
function namesIn(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].flatMap((match) => match[1] ?? []);
}

let seen: ReturnType<typeof wiringsOf> | undefined;

/** What an entry file does; all files are read at the first question, because the compiler takes a while to start. */
function wiringOf(file: string): Wiring | undefined {
  seen ??= wiringsOf(repositoryRoot, tasks.flatMap(entryFiles));
  return seen.get(file);
}

describe('the tasks', () => {
  it('are there', () => {
    assert.ok(tasks.length > 0);
  });

  it('have ids and names of their own', () => {
    assert.equal(new Set(tasks.map(({ json }) => json.id.toLowerCase())).size, tasks.length);
    assert.equal(new Set(tasks.map(({ json }) => json.friendlyName)).size, tasks.length);
  });

  it('ask for the workspace in the same words and the same order', () => {
    const definitions = new Map<string, unknown>();
    for (const task of tasks) {
      const shared = task.json.inputs.filter((input) => SHARED_INPUTS.includes(input.name));
      const names = shared.map((input) => input.name);
      assert.deepEqual(
        names,
        SHARED_INPUTS.filter((name) => names.includes(name)),
        task.name,
      );
      assert.deepEqual(
        task.json.inputs.slice(0, shared.length).map((input) => input.name),
        names,
        `${task.name}: the shared inputs come first`,
      );
      for (const { name, type, label, helpMarkDown } of shared) {
        const definition = { type, label, helpMarkDown };
        if (!definitions.has(name)) definitions.set(name, definition);
        assert.deepEqual(definition, definitions.get(name), `${task.name} ${name}`);
      }
    }
  });

  it('mean the same by the same name', () => {
    const types = new Map<string, string>();
    for (const task of tasks) {
      for (const { name, type } of task.json.inputs) {
        assert.equal(type, types.get(name) ?? type, `${task.name} ${name}`);
        types.set(name, type);
      }
    }
  });

  it('have their generated files, tables, contributions and surface up to date', () => {
    assert.deepEqual(
      findStale().map(({ file }) => file),
      [],
    );
  });
});

for (const task of tasks) {
  const { json, name } = task;
  const inputNames = json.inputs.map((input) => input.name);
  const outputNames = (json.outputVariables ?? []).map((output) => output.name);

  describe(`the contract of ${name}`, () => {
    it('is identified the way the agent and the service want it', () => {
      assert.equal(json.name, name);
      assert.match(json.name, /^[A-Za-z0-9]+$/);
      assert.match(json.id, /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.ok(json.friendlyName.length > 0 && json.friendlyName.length <= 40, json.friendlyName);
      assert.equal(json.minimumAgentVersion, '3.232.1');
      assert.ok(json.version.Major >= 1);
      for (const input of namesIn(json.instanceNameFormat, /\$\((\w+)\)/g))
        assert.ok(inputNames.includes(input), input);
    });

    it('names handlers the agent knows, all with one target that is built', () => {
      const hasPost = entry(task, 'post.ts') !== undefined;
      assert.equal(json.prejobexecution, undefined);
      assert.equal(json.postjobexecution !== undefined, hasPost, 'post.ts and postjobexecution go together');
      const phases = [
        ['index.cjs', json.execution],
        ...(hasPost ? [['post.cjs', json.postjobexecution] as const] : []),
      ] as const;
      for (const [target, handlers] of phases) {
        assert.deepEqual(Object.keys(handlers ?? {}).sort(), HANDLERS);
        for (const handler of Object.values(handlers ?? {})) assert.equal(handler.target, target);
        assert.ok(existsSync(join(repositoryRoot, 'dist/tasks', name, target)), `dist/tasks/${name}/${target}`);
      }
    });

    it('describes every input', () => {
      assert.equal(new Set(inputNames.map((input) => input.toLowerCase())).size, inputNames.length);
      const groups = (json.groups ?? []).map((group) => group.name);
      for (const input of json.inputs) {
        assert.match(input.name, /^[a-z][A-Za-z0-9]*$/);
        assert.match(input.type, INPUT_TYPES, input.name);
        assert.ok((input.label || '').length > 0, `${input.name} has no label`);
        assert.match(input.helpMarkDown ?? '', /\.$/, `${input.name}: help in whole sentences`);
        assert.ok(['string', 'undefined'].includes(typeof input.defaultValue), `${input.name}: defaults are texts`);
        assert.equal(input.options !== undefined, ['pickList', 'radio'].includes(input.type), input.name);
        if (input.groupName !== undefined) assert.ok(groups.includes(input.groupName), input.groupName);
        for (const other of namesIn(input.visibleRule ?? '', /(\w+)\s*(?:!=|=|\bin\b|notIn|contains|notContains)/g)) {
          assert.ok(inputNames.includes(other), `${input.name} is shown by ${other}, which does not exist`);
        }
      }
    });

    it('describes every output, and lets the task set these and nothing else', () => {
      for (const output of json.outputVariables ?? []) {
        assert.match(output.name, /^[a-z][A-Za-z0-9]*$/);
        assert.ok(output.description.length > 0, output.name);
      }
      assert.deepEqual([...(json.restrictions?.settableVariables?.allowed ?? [])].sort(), [...outputNames].sort());
      // Restricted mode would drop the summary.
      assert.notEqual(json.restrictions?.commands?.mode, 'restricted');
    });

    it('has every input used, and uses no other', function () {
      this.timeout(60_000);
      const used = new Set(entryFiles(task).flatMap((file) => [...(wiringOf(file)?.inputs ?? [])]));
      assert.deepEqual([...used].filter((input) => inputNames.includes(input)).sort(), [...inputNames].sort());
    });

    it('has its outputs returned, and no other', function () {
      this.timeout(60_000);
      const returned = wiringOf(join(task.folder, 'index.ts'))?.outputs ?? new Set();
      assert.deepEqual([...returned].sort(), [...outputNames].sort());
    });

    it('is wired in at most 25 lines', () => {
      for (const file of ['index.ts', 'post.ts']) {
        const lines = (entry(task, file) ?? '').trimEnd().split('\n').length;
        assert.ok(lines <= 25, `${file} has ${lines} lines`);
      }
    });

    it('has a README with its tables', () => {
      const readme = entry(task, 'README.md') ?? '';
      for (const table of ['inputs', 'outputs']) {
        assert.ok(readme.includes(`<!-- ${table}:start -->`), `README.md has no <!-- ${table}:start --> … end marker`);
      }
      for (const input of inputNames) assert.ok(readme.includes(`\`${input}\``), input);
    });
  });
}

describe('what an entry file is seen to do', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'wiring-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Sorted inputs and outputs of each body, in one run of the compiler. */
  function see(...bodies: readonly string[]): readonly { readonly inputs: string; readonly outputs: string }[] {
    const files = bodies.map((body, index) => {
      const file = join(folder, `task-${index}.ts`);
      writeFileSync(
        file,
        `interface Inputs { a: string; b: string; c: string }
         declare function readInputs(reader: unknown): Inputs;
         declare function runTask<O>(name: string, work: (agent: unknown) => Promise<O>): void;
         declare function operate(inputs: { a: string; b: string }): Promise<{ x: string; y?: string }>;
         runTask<object>('T', async (agent) => { ${body} });
         export {};`,
      );
      return file;
    });
    const list = (names: ReadonlySet<string> | undefined): string => [...(names ?? [])].sort().join();
    return [...wiringsOf(repositoryRoot, files).values()].map(({ inputs, outputs }) => ({
      inputs: list(inputs),
      outputs: list(outputs),
    }));
  }

  it('is what it reads by name, what its operation asks for, and what that returns', () => {
    const seenThere = see(
      'const i = readInputs(agent); return { z: i.a };',
      'const i = readInputs(agent); return operate(i);',
      'const { b, c: d } = readInputs(agent); return { b, d };',
    );
    assert.deepEqual(seenThere, [
      { inputs: 'a', outputs: 'z' },
      { inputs: 'a,b', outputs: 'x,y' },
      { inputs: 'b,c', outputs: 'b,d' },
    ]);
  });
});

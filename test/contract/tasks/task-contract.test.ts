// task.json against code, bundle and README: what the service, the agent and tfx do not check.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findStale } from '../../../scripts/generate.ts';
import { isOptionalOutput, readTasks, repositoryRoot, type Task } from '../../../scripts/task-contract.ts';
import { wiringOf, type Wiring } from './wiring.ts';

/** The agent ignores a handler it does not know, without a word (TaskManager.cs, ExecutionData). */
const HANDLERS = ['Node20_1', 'Node24'];
const INPUT_TYPES = /^(boolean|filePath|multiLine|pickList|radio|secureFile|string|int|connectedService:\w+)$/;
const SHARED_INPUTS = ['azureSubscription', 'subscriptionId', 'resourceGroupName', 'workspaceName'];

const tasks = readTasks();

function entry(task: Task, name: string): string | undefined {
  const path = join(task.folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function wirings(task: Task): readonly Wiring[] {
  return ['index.ts', 'post.ts'].flatMap((name) => {
    const source = entry(task, name);
    return source === undefined ? [] : [wiringOf(source)];
  });
}

/** Names in `$(x)` of a format, or left of an operator in a visibility rule. */
function namesIn(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].flatMap((match) => match[1] ?? []);
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

    it('has every input used, and uses no other', () => {
      const used = wirings(task).map((wiring) => wiring.inputs);
      assert.ok(used.length > 0, 'there is no index.ts');
      assert.ok(!used.includes(undefined), 'inputs are handed on one by one, so that an unused one is seen');
      assert.deepEqual([...new Set(used.flatMap((names) => [...(names ?? [])]))].sort(), [...inputNames].sort());
    });

    it('has its outputs returned, and no other', () => {
      const returned = wiringOf(entry(task, 'index.ts') ?? '').outputs;
      if (returned === undefined) return; // what an operation returns whole, the compiler compares
      const optional = new Set((json.outputVariables ?? []).filter(isOptionalOutput).map((output) => output.name));
      for (const output of returned) assert.ok(outputNames.includes(output), `${output} is not declared`);
      for (const output of outputNames)
        assert.ok(returned.has(output) || optional.has(output), `${output} is not returned`);
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
  const source = (body: string): string => `void runTask<Outputs>('T', async (agent) => {\n  ${body}\n});`;

  it('uses the inputs it reads a member of', () => {
    const byMember = wiringOf(source('const i = readInputs(agent.inputs); return { a: f(i.x, { y: i.y.z }) };'));
    assert.deepEqual([...(byMember.inputs ?? [])], ['x', 'y']);
    assert.deepEqual([...(byMember.outputs ?? [])], ['a']);
    const byPattern = wiringOf(source('const { x, y: z } = readInputs(agent.inputs); return {};'));
    assert.deepEqual([...(byPattern.inputs ?? [])], ['x', 'y']);
  });

  it('is not known when inputs or outputs are handed on whole', () => {
    assert.equal(wiringOf(source('const i = readInputs(agent.inputs); return f(i);')).inputs, undefined);
    assert.equal(wiringOf(source('const i = readInputs(agent.inputs); return { ...i };')).inputs, undefined);
    assert.equal(wiringOf(source('return f();')).outputs, undefined);
  });
});

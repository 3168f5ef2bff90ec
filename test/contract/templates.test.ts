import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTaskContract } from '../../local/agent/task-definition.ts';
import type { DocumentNode } from '../../local/pipeline/document/document-node.ts';
import { parseYaml } from '../../local/pipeline/document/parse-document.ts';
import { builtInTasks } from '../../local/pipeline/built-in/write-tasks.ts';
import { readPlan } from '../../local/pipeline/plan/read-plan.ts';
import { ProblemList, type Problem } from '../../local/pipeline/problems.ts';
import { expandPipeline } from '../../local/pipeline/template/expand-pipeline.ts';
import type { FileKind } from '../../local/pipeline/template/expand-file.ts';
import { openParameters, PipelineValidator } from '../../local/pipeline/validation/validate-pipeline.ts';
import { openRepositories } from '../../local/repositories.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const tasks = readdirSync(join(ROOT, 'tasks'))
  .map((name) => join(ROOT, 'tasks', name))
  .filter((folder) => existsSync(join(folder, 'task.json')))
  .map(readTaskContract);
const catalog = [
  ...tasks.map((definition) => ({ definition, name: definition.name })),
  ...builtInTasks(join(ROOT, '.local/tasks')),
];

const validator = new PipelineValidator(tasks);
const KINDS: readonly FileKind[] = ['stages', 'jobs', 'steps', 'variables', 'extends'];

function filesBelow(folder: string, extension: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension) && !path.includes('node_modules'))
    .map((path) => join(ROOT, folder, path))
    .sort();
}

/** A template is used as what its folder says; the rest of the YAML is for Azure Machine Learning, but for pipelines. */
function kindOfPath(path: string): FileKind | undefined {
  const folder = KINDS.find((kind) => relative(join(ROOT, 'templates'), path).split('/')[0] === kind);
  return folder ?? (isPipeline(path) ? 'pipeline' : undefined);
}

function isPipeline(path: string): boolean {
  return /^azure-pipelines[^/]*\.yml$/.test(basename(path)) || path.includes('/sample/pipelines/');
}

const shown = (problems: readonly Problem[]): string[] =>
  problems.map(({ file, line, column, sentence }) => `${file}:${line}:${column} ${sentence}`);

describe('the templates', function () {
  this.timeout(60_000);
  const files = filesBelow('templates', '.yml').flatMap((path) => {
    const kind = kindOfPath(path);
    return kind === undefined ? [] : [{ path, kind, name: relative(ROOT, path) }];
  });

  it('are there', () => {
    assert.ok(files.some(({ name }) => name === 'templates/sample/azure-pipelines.yml'));
  });

  for (const { path, kind, name } of files) {
    it(`${name} is what the service takes`, async () => {
      const { pipeline, source } = openRepositories(path, { self: ROOT });
      assert.deepEqual(shown(await validator.validatePipeline({ file: pipeline, source, kind, alone: true })), []);
    });

    const repositories = openRepositories(path, { self: ROOT, 'secure-mlops': ROOT });
    const file = { file: repositories.pipeline, source: repositories.source };
    if (openParameters(file, {})?.length !== 0) continue;
    it(`${name} expands with its defaults, to steps of tasks that are there`, () => {
      const document = expandPipeline(file);
      assert.ok(
        readPlan({ document, catalog, connections: ['azureml-connection'], purpose: 'check' }).stages.length > 0,
      );
    });
  }
});

interface Example {
  readonly name: string;
  readonly text: string;
}

/** Steps of a pipeline; a rollout plan has steps of its own. */
function isSteps(node: DocumentNode | undefined): boolean {
  if (node?.kind !== 'sequence') return false;
  const kinds = ['task', 'template', 'script', 'bash', 'checkout'];
  return node.items.some((item) => item.kind === 'mapping' && kinds.includes(item.entries[0]?.key.text ?? ''));
}

/** Fenced YAML of a text that is a pipeline, a template or a list of steps. */
function examplesOf(path: string): Example[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^```ya?ml\n(.*?)^```/gms)].flatMap((match) => {
    const yaml = match[1] ?? '';
    const root = parseYaml(yaml, path, new ProblemList());
    const line = text.slice(0, match.index).split('\n').length;
    const name = `${relative(ROOT, path)}:${line}`;
    if (isSteps(root)) return [{ name, text: `steps:\n${yaml}` }];
    if (root?.kind !== 'mapping') return [];
    const isPipeline = root.entries.some(
      ({ key, value }) => ['stages', 'extends'].includes(key.text) || (key.text === 'steps' && isSteps(value)),
    );
    return isPipeline ? [{ name, text: yaml }] : [];
  });
}

describe('the examples of the documentation', function () {
  this.timeout(60_000);
  const documents = [
    ...['README.md', 'CONTRIBUTING.md'].map((name) => join(ROOT, name)),
    ...['docs', 'tasks', 'templates', 'local', 'agent-bootstrap'].flatMap((folder) => filesBelow(folder, '.md')),
  ];
  const examples = documents.flatMap(examplesOf);

  it('are there', () => {
    assert.ok(examples.length > 0);
  });

  for (const { name, text } of examples) {
    it(`${name} is what the service takes`, async () => {
      const file = { repository: 'self', path: dirname(name) };
      const source = {
        repositories: ['self'],
        read: () => text,
        show: (id: { path: string }) => id.path,
      };
      assert.deepEqual(shown(await validator.validatePipeline({ file, source, alone: true })), []);
    });
  }
});

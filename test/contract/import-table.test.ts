// Who may import whom. The table is the architecture; a new arrow is a decision, and is made here.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { repositoryRoot } from '../../scripts/task-contract.ts';

interface Rule {
  readonly files: RegExp;
  /** Files of the repository, by path, and packages, by name. */
  readonly may: readonly RegExp[];
}

const DOMAIN = /^tasks\/common\/domain\//;
const PORTS = /^tasks\/common\/(ports|errors)\.ts$/;
const NODE = /^node:/;

const TABLE: readonly Rule[] = [
  { files: DOMAIN, may: [DOMAIN] },
  { files: PORTS, may: [DOMAIN, PORTS] },
  {
    files: /^tasks\/common\/aml-yaml\//,
    may: [DOMAIN, PORTS, /^tasks\/common\/aml-yaml\//, /^yaml$/, /^node:(crypto|path)$/],
  },
  {
    files: /^tasks\/common\/operations\//,
    may: [DOMAIN, PORTS, /^tasks\/common\/(aml-yaml|operations)\//],
  },
  { files: /^tasks\/common\/azure\//, may: [DOMAIN, PORTS, /^tasks\/common\/azure\//, /^@azure\//, NODE] },
  {
    files: /^tasks\/common\/agent\//,
    may: [DOMAIN, PORTS, /^tasks\/common\/agent\//, /^azure-pipelines-task-lib\//, /^azure-devops-node-api\/./, NODE],
  },
  { files: /^tasks\/[A-Z]\w*\/task\.gen\.ts$/, may: [/^tasks\/common\/agent\/inputs\.ts$/] },
  {
    files: /^tasks\/([A-Z]\w*)\/(index|post)\.ts$/,
    may: [
      /^tasks\/[A-Z]\w*\/task\.gen\.ts$/,
      /^tasks\/common\/operations\//,
      /^tasks\/common\/azure\/workspace\.ts$/,
      /^tasks\/common\/agent\/run-task\.ts$/,
    ],
  },
  {
    files: /^agent-bootstrap\/pool\//,
    may: [/^agent-bootstrap\/pool\//, /^azure-devops-node-api\/./, /^@azure\/identity$/, NODE],
  },
  // Both stand in for somebody else's program: what they share with the tasks, they could only get wrong together.
  { files: /^(local|agent-bootstrap)\//, may: [/^(?!tasks\/|test\/|scripts\/)/] },
];

/** Every TypeScript file below these folders, relative to the repository. */
function sources(...folders: readonly string[]): readonly string[] {
  return folders
    .filter((folder) => existsSync(join(repositoryRoot, folder)))
    .flatMap((folder) =>
      readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules/')),
    );
}

/** What a source imports: by statement, by type, by `import()` and by `require()`. */
function importsOf(file: string, source: string): readonly string[] {
  return ts
    .preProcessFile(source, true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith('.') ? posix.join(posix.dirname(file), fileName) : fileName,
    );
}

/** Sentences on each import that the table does not hold. */
function violations(file: string, source: string): readonly string[] {
  const rule = TABLE.find(({ files }) => files.test(file));
  if (rule === undefined) return [`${file} has no row in the table`];
  const task = /^tasks\/([A-Z]\w*)\//.exec(file)?.[1];
  return importsOf(file, source)
    .filter((target) => {
      const otherTask = /^tasks\/([A-Z]\w*)\//.exec(target)?.[1];
      return !rule.may.some((allowed) => allowed.test(target)) || (otherTask !== undefined && otherTask !== task);
    })
    .map((target) => `${file} must not import ${target}`);
}

/** What makes a function depend on more than its arguments. */
const AMBIENT = /^(process|console|fetch|Buffer|performance|setTimeout|setInterval|setImmediate)$/;

/** Uses of the process's globals and of the clock, as `file:line: name`. */
function ambientUses(file: string, source: string): readonly string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const note = (node: ts.Node): void => {
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${file}:${line + 1}: ${node.getText()}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && AMBIENT.test(node.text) && isGlobalUse(node)) note(node);
    if (ts.isPropertyAccessExpression(node) && /^(Date\.now|Math\.random)$/.test(node.getText())) note(node);
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && node.arguments?.length === 0) note(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** True for a name that stands for a global: no member, no declaration, no label of an object. */
function isGlobalUse(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return ts.isExpression(parent) && !ts.isPropertyAssignment(parent);
}

function read(file: string): string {
  return readFileSync(join(repositoryRoot, file), 'utf8');
}

describe('who may import whom', () => {
  it('holds for every file', () => {
    const files = sources('tasks', 'local', 'agent-bootstrap');
    assert.ok(files.includes('tasks/common/ports.ts'));
    assert.deepEqual(
      files.flatMap((file) => violations(file, read(file))),
      [],
    );
  });

  it('is checked for every way to import', () => {
    const planted = [
      "import { a } from 'azure-pipelines-task-lib/task.js';",
      "import type { B } from '../azure/arm.ts';",
      "export * from '../agent/log.ts';",
      "const c = import('node:fs');",
      "type D = import('@azure/identity').TokenCredential;",
    ];
    for (const statement of planted) {
      assert.equal(violations('tasks/common/domain/planted.ts', statement).length, 1, statement);
    }
    assert.deepEqual(violations('tasks/common/domain/planted.ts', "import { at } from './json.ts';"), []);
    assert.deepEqual(violations('tasks/AmlA/index.ts', "import { x } from '../AmlB/task.gen.ts';"), [
      'tasks/AmlA/index.ts must not import tasks/AmlB/task.gen.ts',
    ]);
    assert.deepEqual(violations('local/emulator/planted.ts', "import { x } from '../../tasks/common/errors.ts';"), [
      'local/emulator/planted.ts must not import tasks/common/errors.ts',
    ]);
    assert.deepEqual(violations('agent-bootstrap/pool/planted.ts', "import { x } from '@azure/core-auth';"), [
      'agent-bootstrap/pool/planted.ts must not import @azure/core-auth',
    ]);
    assert.deepEqual(violations('tasks/common/planted.ts', ''), ['tasks/common/planted.ts has no row in the table']);
  });
});

describe('rules and operations', () => {
  it('depend on nothing but their arguments: no process, no console, no timer, no clock, no chance', () => {
    const files = sources('tasks/common/domain', 'tasks/common/operations', 'tasks/common/aml-yaml');
    // The planner hashes with node:crypto and measures text in bytes; Buffer is part of that.
    const uses = files.flatMap((file) => ambientUses(file, read(file)));
    assert.deepEqual(
      uses.filter((use) => !(use.startsWith('tasks/common/aml-yaml/') && use.endsWith(': Buffer'))),
      [],
    );
  });

  it('are searched for every such use', () => {
    const source = 'setTimeout(f, 1); const n = Date.now(); new Date(); g(process.env); a.process; ({ process: 1 });';
    assert.deepEqual(ambientUses('planted.ts', source), [
      'planted.ts:1: setTimeout',
      'planted.ts:1: Date.now',
      'planted.ts:1: new Date()',
      'planted.ts:1: process',
    ]);
  });
});

describe('the linter', () => {
  it('forbids process, console and fetch everywhere in tasks/ but on the agent’s side', async () => {
    const eslint = new ESLint({ cwd: repositoryRoot });
    const banned = async (file: string): Promise<readonly string[]> => {
      const config = (await eslint.calculateConfigForFile(join(repositoryRoot, file))) as {
        readonly rules: Readonly<Record<string, readonly (number | { readonly name: string })[]>>;
      };
      const options = config.rules['no-restricted-globals'] ?? [];
      return options.flatMap((option) => (typeof option === 'object' ? option.name : []));
    };
    for (const folder of ['domain', 'aml-yaml', 'operations', 'azure']) {
      const names = await banned(`tasks/common/${folder}/some.ts`);
      for (const name of ['process', 'console', 'fetch']) assert.ok(names.includes(name), `${name} in ${folder}`);
    }
    assert.deepEqual(await banned('tasks/common/agent/some.ts'), ['fetch']);
  });
});

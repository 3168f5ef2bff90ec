/** Every shipped template, expanded with what it demands and with everything it takes; and what each parameter changes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTaskContract } from '../../local/agent/task-definition.ts';
import { builtInTasks } from '../../local/pipeline/built-in/write-tasks.ts';
import { writeYaml } from '../../local/pipeline/document/write-document.ts';
import { readPlan } from '../../local/pipeline/plan/read-plan.ts';
import { expandPipeline } from '../../local/pipeline/template/expand-pipeline.ts';
import { openRepositories } from '../../local/repositories.ts';
import { readTemplates, type Template, type TemplateParameter } from '../../scripts/generate/templates.ts';
import { repositoryRoot } from '../../scripts/task-contract.ts';

const catalog = [
  ...readdirSync(join(repositoryRoot, 'tasks'))
    .map((name) => join(repositoryRoot, 'tasks', name))
    .filter((folder) => existsSync(join(folder, 'task.json')))
    .map((folder) => {
      const definition = readTaskContract(folder);
      return { definition, name: definition.name };
    }),
  ...builtInTasks(join(repositoryRoot, '.local/tasks')),
];

type Values = Readonly<Record<string, unknown>>;

/** What stands for a parameter by its name, where any text of its type will not do: one value, and another. */
const MEANT: Readonly<Record<string, readonly [unknown, unknown]>> = {
  azureSubscription: ['azureml-connection', 'other-connection'],
  condition: ['succeeded()', "and(succeeded(), eq(variables['Build.Reason'], 'Manual'))"],
  dependsOn: [[], ['before']],
  endpointNames: [['one'], ['one', 'two']],
  jobFiles: [['one.yml'], ['one.yml', 'two.yml']],
  jobs: [[{ jobFile: 'a.yml' }], [{ name: 'b', jobFile: 'b.yml', overrides: 'inputs.x=2' }]],
  legs: [{ a: { jobFile: 'a.yml', overrides: '' } }, { b: { jobFile: 'b.yml', overrides: '' } }],
  name: ['unit', 'another'],
  pool: [{ name: 'bastion-agents' }, { name: 'others' }],
  variables: [{}, { modelVersion: "$[ dependencies.before.outputs['x.y.z'] ]" }],
  stages: [
    [{ stage: 'one', jobs: [{ job: 'a', steps: [{ task: 'AmlApply@1', inputs: { files: 'a.yml' } }] }] }],
    [{ stage: 'two', jobs: [{ job: 'b', steps: [{ task: 'AmlApply@1', inputs: { files: 'b.yml' } }] }] }],
  ],
  steps: [[{ task: 'AmlApply@1', inputs: { files: 'a.yml' } }], [{ task: 'AmlApply@1', inputs: { files: 'b.yml' } }]],
  allowedTasks: [['AmlApply@1'], ['AmlApply@1', 'AmlRunJob@1']],
};

/** What a parameter needs beside it before it changes anything. */
const ONLY_WITH: Readonly<Record<string, Values>> = {
  'jobs/deploy-online.yml model': { registryName: '' },
  'stages/deploy-online.yml model': { registryName: '' },
};

/** Lists of what is allowed change what is refused, not what is let through. */
const RESTRICTIONS = new Set(['allowedTasks', 'scripts', 'poolName']);

function valuesOf({ name, type, values, default: standard }: TemplateParameter): readonly [unknown, unknown] {
  const meant = MEANT[/azuresubscription$/i.test(name) ? 'azureSubscription' : name];
  if (meant !== undefined) return meant;
  if (values.length > 0) return [standard ?? values[0], values.find((value) => value !== standard)];
  if (type === 'boolean') return [standard === 'true', standard !== 'true'];
  if (type === 'number') return [Number(standard ?? 1), Number(standard ?? 1) + 3];
  return [`one-${name}`, `other-${name}`];
}

function everythingOf(template: Template): Values {
  return Object.fromEntries(template.parameters.map((parameter) => [parameter.name, valuesOf(parameter)[1]]));
}

/** The final YAML of a pipeline that is nothing but the template with these values. */
function expand({ kind, path }: Template, values: Values): string {
  const include = { template: `templates/${path}@secure-mlops`, parameters: values };
  const text = JSON.stringify({
    resources: { repositories: [{ repository: 'secure-mlops', type: 'git', name: 'secure-mlops-azureml' }] },
    ...(kind === 'extends' ? { extends: include } : { [kind]: [...before(kind, values), include] }),
  });
  const { source } = openRepositories(join(repositoryRoot, 'package.json'), { 'secure-mlops': repositoryRoot });
  const document = expandPipeline({
    file: { repository: 'self', path: 'pipeline.yml' },
    source: { ...source, read: (id) => (id.repository === 'self' ? text : source.read(id)) },
  });
  readPlan({ document, catalog, connections: ['azureml-connection', 'other-connection'], purpose: 'check' });
  return writeYaml(document);
}

/** What `dependsOn` of the values names. */
function before(kind: Template['kind'], values: Values): readonly object[] {
  if (!Array.isArray(values.dependsOn) || values.dependsOn.length === 0) return [];
  const job = { job: 'before', steps: [{ checkout: 'none' }] };
  return kind === 'stages' ? [{ stage: 'before', jobs: [job] }] : kind === 'jobs' ? [job] : [];
}

describe('each template', function () {
  this.timeout(60_000);
  const templates = readTemplates(repositoryRoot).filter(({ path }) => path !== 'extends/checked-steps.yml');

  for (const template of templates) {
    it(`${template.path} expands with what it demands, and with everything it takes`, () => {
      const demanded = template.parameters.filter((parameter) => parameter.default === undefined);
      const least = Object.fromEntries(demanded.map((parameter) => [parameter.name, valuesOf(parameter)[0]]));
      assert.notEqual(expand(template, least), expand(template, everythingOf(template)));
    });

    it(`${template.path} does something with every parameter`, () => {
      const everything = everythingOf(template);
      const whole = expand(template, everything);
      for (const parameter of template.parameters.filter(({ name }) => !RESTRICTIONS.has(name))) {
        const beside = ONLY_WITH[`${template.path} ${parameter.name}`];
        const before = beside === undefined ? whole : expand(template, { ...everything, ...beside });
        const after = expand(template, { ...everything, ...beside, [parameter.name]: valuesOf(parameter)[0] });
        assert.notEqual(before, after, `${parameter.name} changes nothing`);
      }
    });
  }
});

describe('the security template', () => {
  const template = readTemplates(repositoryRoot).find(({ path }) => path === 'extends/secure-pipeline.yml');
  assert.ok(template);

  const withSteps = (steps: readonly object[], values: Values = {}): string =>
    expand(template, { stages: [{ stage: 's', jobs: [{ job: 'j', pool: { vmImage: 'any' }, steps }] }], ...values });
  const withStrategy = (strategy: object): string =>
    expand(template, { stages: [{ stage: 's', jobs: [{ deployment: 'd', environment: 'e', strategy }] }] });
  const deployment = {
    task: 'AmlDeployOnlineEndpoint@1',
    inputs: { deploymentFile: 'd.yml', network: 'asDeclared', allowAnalysisCommands: true },
  };

  it('puts every job into its pool', () => {
    const text = withSteps([{ checkout: 'self' }]);
    assert.match(text, /pool:\n +name: bastion-agents\n/);
    assert.doesNotMatch(text, /vmImage/);
    assert.throws(() => withSteps([], { poolName: 'others' }), /'poolName' parameter value 'others' is not one of/);
  });

  it('makes deployments private, and lets no rollout plan run commands, in hooks too', () => {
    const hooks = { deploy: { steps: [deployment] }, on: { failure: { steps: [deployment] } } };
    for (const text of [withSteps([deployment]), withStrategy({ runOnce: hooks })]) {
      assert.match(text, /network: private/);
      assert.doesNotMatch(text, /asDeclared|allowAnalysisCommands/);
    }
    assert.match(withSteps([deployment], { scripts: 'allow' }), /allowAnalysisCommands: True/i);
  });

  it('refuses scripts and tasks that are not allowed, wherever they come from', () => {
    const forbidden = /does not allow the task (CmdLine|Bash|AzureCLI)@\d/;
    for (const step of [{ script: 'id' }, { bash: 'id' }, { task: 'CmdLine@2' }, { task: 'bash@3' }]) {
      assert.throws(() => withSteps([step]), /does not allow the task/i);
    }
    assert.throws(() => withStrategy({ runOnce: { deploy: { steps: [{ script: 'id' }] } } }), forbidden);
    const failure = { failure: { steps: [{ script: 'id' }] } };
    assert.throws(() => withStrategy({ runOnce: { deploy: { steps: [] }, on: failure } }), forbidden);
    const parameters = { environment: 'e', azureSubscription: 'azureml-connection', workingDirectory: 'w' };
    const infrastructure = { template: 'templates/stages/infrastructure.yml@secure-mlops', parameters };
    assert.throws(() => expand(template, { stages: [infrastructure] }), forbidden);
    assert.match(withSteps([{ script: 'id' }], { scripts: 'allow' }), /CmdLine@2/);
    assert.throws(() => withSteps([{ task: 'AzureCLI@2' }], { scripts: 'allow' }), forbidden);
  });

  it('refuses strategies whose steps it does not check', () => {
    const steps = [{ script: 'id' }];
    assert.throws(() => withStrategy({ rolling: { deploy: { steps } } }), /does not allow the strategy rolling/);
    assert.throws(() => withStrategy({ canary: { deploy: { steps } } }), /does not allow the strategy canary/);
  });
});

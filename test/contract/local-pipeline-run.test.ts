import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInTasks } from '../../local/pipeline/built-in/write-tasks.ts';
import { readTaskCatalog } from '../../local/pipeline/plan/task-catalog.ts';
import type { AgentSettings, PipelineRun } from '../../local/pipeline/run/pipeline-run.ts';
import type { JobUnitRecord, PipelineRecord } from '../../local/pipeline/run/records.ts';
import { runPipeline } from '../../local/pipeline/run/run-pipeline.ts';
import { plan as planText, type TextInput } from '../unit/local-pipeline/pipeline-text.ts';
import { outputOf, taskFolder } from './local-agent-fixture.ts';

interface Options extends TextInput {
  readonly run?: Partial<PipelineRun>;
}

async function runText(text: string, agent: AgentSettings = {}, options: Options = {}): Promise<PipelineRecord> {
  const folder = mkdtempSync(join(tmpdir(), 'local-pipeline-test-'));
  try {
    const [sourcesFolder, workFolder] = [join(folder, 'sources'), join(folder, 'work')];
    for (const each of [sourcesFolder, workFolder]) mkdirSync(each);
    writeFileSync(join(sourcesFolder, 'note.txt'), 'from the sources');
    const catalog = [...readTaskCatalog(join(taskFolder('Scripted'), '..')), ...builtInTasks(join(folder, 'built-in'))];
    const plan = planText(text, { ...options, plan: { catalog, connections: [], ...options.plan } });
    const variables = { given: { value: 'queued' } };
    return await runPipeline({ plan, sourcesFolder, workFolder, buildId: 4, variables, agent, ...options.run });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const jobsOf = (record: PipelineRecord): readonly JobUnitRecord[] => record.stages.flatMap(({ jobs }) => jobs);
const output = (record: PipelineRecord, job: string): string[] =>
  outputOf(
    jobsOf(record)
      .find(({ name }) => name === job)
      ?.runs.at(-1)
      ?.record.steps.at(-1),
  );

const step = (script: string, rest = ''): string =>
  `    - task: Scripted@1\n${rest}      inputs:\n        script: ${script}\n`;

describe('running a pipeline', () => {
  it('gives steps the sources, variables and outputs of earlier steps', async () => {
    const record = await runText(`name: demo $(Build.BuildId)
variables:
  greeting: hello $(given)
steps:
- task: Scripted@1
  name: first
  inputs:
    script: console.log('##vso[task.setvariable variable=declared]' + require('fs').readFileSync('note.txt'))
- task: Scripted@1
  condition: eq(variables['first.declared'], 'from the sources')
  inputs:
    script: console.log('$(greeting)', '$(first.declared)', process.env.BUILD_BUILDNUMBER)
`);
    assert.equal(record.result, 'Succeeded');
    assert.deepEqual(output(record, 'Job'), ['hello queued from the sources demo 4']);
  });

  it('hands outputs from job to job and from stage to stage, and decides by them', async () => {
    const record = await runText(`stages:
- stage: Build
  jobs:
  - job: make
    steps:
${step(`console.log('##vso[task.setvariable variable=version;isoutput=true]7')`, '      name: set\n')}
  - job: use
    dependsOn: make
    variables:
      version: $[ dependencies.make.outputs['set.version'] ]
    steps:
${step(`console.log('version $(version)')`)}
- stage: Ship
  condition: and(succeeded(), eq(dependencies.Build.outputs['make.set.version'], '7'))
  jobs:
  - job: ship
    variables:
      version: $[ stageDependencies.Build.make.outputs['set.version'] ]
    steps:
${step(`console.log('shipping $(version)')`)}
- stage: Never
  condition: eq(dependencies.Ship.result, 'Failed')
  jobs:
  - job: never
    steps:
${step('x')}
`);
    assert.deepEqual(output(record, 'use'), ['version 7']);
    assert.deepEqual(output(record, 'ship'), ['shipping 7']);
    assert.deepEqual(
      record.stages.map(({ result }) => result),
      ['Succeeded', 'Succeeded', 'Skipped'],
    );
    assert.equal(record.result, 'Succeeded');
  });

  it('skips what depends on a failure, and runs what waits for one', async () => {
    const record = await runText(`jobs:
  - job: bad
    steps:
${step('process.exit(1)')}
  - job: after
    dependsOn: bad
    steps:
${step('x')}
  - job: farther
    dependsOn: after
    condition: failed()
    steps:
${step(`console.log('cleaning')`)}
`);
    assert.deepEqual(
      jobsOf(record).map(({ name, result }) => `${name} ${result}`),
      ['bad Failed', 'after Skipped', 'farther Succeeded'],
    );
    assert.equal(record.result, 'Failed');
  });

  it('runs nothing more once it is cancelled, but what always runs', async () => {
    const cancel = new AbortController();
    const record = await runText(
      `jobs:
  - job: one
    steps:
${step(`console.log('ready'); setInterval(() => undefined, 1000)`)}
  - job: two
    steps:
${step('x')}
  - job: three
    condition: always()
    steps:
${step('x')}
${step(`console.log('always')`, '      condition: always()\n')}
`,
      {
        cancel: cancel.signal,
        onLine: ({ text }) => {
          if (text === 'ready') cancel.abort();
        },
      },
    );
    assert.deepEqual(
      jobsOf(record).map(({ name, result }) => `${name} ${result}`),
      ['one Canceled', 'two Skipped', 'three Canceled'],
    );
    assert.deepEqual(output(record, 'three'), ['always']);
  });
});

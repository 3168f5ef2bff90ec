import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInTasks } from '../../local/pipeline/built-in/write-tasks.ts';
import { readTaskCatalog } from '../../local/pipeline/plan/task-catalog.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../../local/pipeline/run/approvals.ts';
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

const logOf = (record: PipelineRecord, job: string): string[] =>
  jobsOf(record)
    .filter(({ name }) => name === job)
    .flatMap(({ runs }) => runs.flatMap((run) => run.record.steps.flatMap((each) => outputOf(each))));

const approveAll = (): Promise<ApprovalAnswer> => Promise.resolve({ approved: true });

describe('scripts, artifacts and repositories', () => {
  it('scripts see variables and their own environment, secrets only where they are mapped', async () => {
    const record = await runText(
      `variables:
- group: library
steps:
- checkout: none
- script: |
    echo "one $PLAIN [$TOKEN] $GIVEN"
    echo "##vso[task.setvariable variable=made;isOutput=true]yes"
  name: first
- bash: |
    echo "two $MAPPED $(first.made)" && pwd && exit 4
  workingDirectory: $(Agent.TempDirectory)
  env: { MAPPED: $(token) }
  continueOnError: true
- bash: echo oops >&2
  failOnStderr: true
- script: echo never
- script: echo cleaning
  condition: failed()
`,
      {},
      {
        plan: {
          groups: new Map([
            ['library', { plain: { value: 'p', secret: false }, token: { value: 'hidden-value', secret: true } }],
          ]),
        },
      },
    );
    const log = logOf(record, 'Job');
    assert.ok(log.includes('one p [] queued'), log.join('\n'));
    assert.ok(log.includes('two *** yes'));
    assert.ok(log.some((line) => line.endsWith('/_temp')));
    const results = jobsOf(record)[0]?.runs[0]?.record.steps.map(({ result, issues }) => [result, issues[0]?.message]);
    assert.deepEqual(results, [
      ['Succeeded', undefined],
      ['SucceededWithIssues', "Bash exited with code '4'."],
      ['Failed', 'Bash wrote one or more lines to the standard error stream.'],
      ['Skipped', undefined],
      ['Succeeded', undefined],
    ]);
    assert.ok(log.includes('cleaning') && !log.includes('never'));
  });

  it('a repeated step ends when it succeeds', async () => {
    const record = await runText(`steps:
- checkout: none
- bash: test -e $(Agent.TempDirectory)/again || { touch $(Agent.TempDirectory)/again; exit 1; }
  retryCountOnTaskFailure: 2
`);
    assert.equal(record.result, 'Succeeded');
    assert.equal(jobsOf(record)[0]?.runs[0]?.record.steps[0]?.attempts, 2);
  });

  it('hands artifacts from job to job, and takes several repositories side by side', async () => {
    const other = mkdtempSync(join(tmpdir(), 'local-pipeline-other-'));
    writeFileSync(join(other, 'other.txt'), 'from the other');
    try {
      const record = await runText(
        `resources:
  repositories:
  - repository: other
    type: git
    name: mlops/other
jobs:
- job: make
  steps:
  - checkout: self
  - checkout: other
  - script: cat self/note.txt other/other.txt && mkdir -p $(Build.ArtifactStagingDirectory)/d && echo kept > $(Build.ArtifactStagingDirectory)/d/a.txt && echo left > $(Build.ArtifactStagingDirectory)/b.md
  - publish: $(Build.ArtifactStagingDirectory)
    artifact: drop
- job: use
  dependsOn: make
  steps:
  - checkout: none
  - download: current
    artifact: drop
    patterns: '**/*.txt'
  - script: find $(Pipeline.Workspace)/drop -type f | sed "s,$(Pipeline.Workspace)/,," && cat $(Pipeline.Workspace)/drop/d/a.txt
  - task: DownloadPipelineArtifact@2
    inputs: { artifact: nosuch, path: $(Pipeline.Workspace)/x }
`,
        {},
        {
          run: { repositories: new Map([['other', other]]) },
          plan: {
            repositories: new Map([
              ['self', 'self'],
              ['other', 'other'],
            ]),
          },
        },
      );
      assert.ok(logOf(record, 'make').includes('from the sourcesfrom the other'), logOf(record, 'make').join('\n'));
      const log = logOf(record, 'use');
      assert.ok(log.includes('kept') && log.includes('drop/d/a.txt') && !log.includes('drop/b.md'), log.join('\n'));
      const last = jobsOf(record)[1]?.runs[0]?.record.steps.at(-1);
      assert.equal(last?.issues[0]?.message, 'Artifact nosuch was not found for this run. There are: drop.');
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });
});

describe('matrices and deployments', () => {
  const matrix = (strategy: string): string => `jobs:
- job: plan
  steps:
  - checkout: none
  - script: echo "##vso[task.setvariable variable=legs;isOutput=true]{'two':{'x':'2'},'three':{'x':'3'}}"
    name: s
- job: legs
  dependsOn: plan
  strategy: ${strategy}
  steps:
  - checkout: none
  - script: echo "##vso[task.setvariable variable=o;isOutput=true]$(x) of $(System.TotalJobsInPhase)"
    name: s
- job: after
  dependsOn: legs
  variables:
    o: $[ dependencies.legs.outputs['two.s.o'] ]
    none: $[ dependencies.legs.outputs['nosuch.s.o'] ]
    far: $[ dependencies.plan.result ]
  steps:
  - checkout: none
  - script: echo "got $(o) [$(none)] [$(far)]"
`;
  for (const strategy of [
    '{ matrix: { one: { x: 1 }, two: { x: 2 } } }',
    `{ matrix: "$[ dependencies.plan.outputs['s.legs'] ]" }`,
  ]) {
    it(`legs of ${strategy} are found by their names`, async () => {
      const record = await runText(matrix(strategy));
      assert.ok(logOf(record, 'after').includes('got 2 of 2 [] []'), logOf(record, 'after').join('\n'));
    });
  }

  const deployment = (script: string): string => `stages:
- stage: Ship
  variables: { env: prod }
  jobs:
  - deployment: D
    environment: $(env).vm
    strategy:
      runOnce:
        preDeploy: { steps: [ { script: 'echo pre $(Strategy.CycleName) $(Environment.Name) $(Environment.ResourceName)' } ] }
        deploy:
          steps:
          - script: ${script}
            name: s
        routeTraffic: { steps: [ { script: echo route } ] }
        on:
          success: { steps: [ { script: echo succeeded } ] }
          failure: { steps: [ { script: echo failed } ] }
  - job: after
    dependsOn: D
    condition: succeededOrFailed()
    variables:
      byJob: $[ dependencies.D.outputs['D.s.o'] ]
      byHook: $[ dependencies.D.outputs['deploy.s.o'] ]
      byResource: $[ dependencies.D.outputs['Deploy_vm.s.o'] ]
      plain: $[ dependencies.D.outputs['s.o'] ]
    steps:
    - checkout: none
    - script: echo "$(byJob) $(byHook) $(byResource) [$(plain)]"
- stage: Next
  condition: eq(dependencies.Ship.outputs['D.D.s.o'], 'v')
  jobs:
  - job: J
    steps: [ { checkout: none }, { script: echo next } ]
`;
  const scripts = (record: PipelineRecord, job: string): string[] =>
    logOf(record, job).filter((line) => /^(pre|route|succeeded|failed|v v)/.test(line));

  it('run their hooks in order and hand on outputs under each of their names', async () => {
    const asked: ApprovalRequest[] = [];
    const approve = (request: ApprovalRequest): Promise<ApprovalAnswer> => {
      asked.push(request);
      return approveAll();
    };
    const text = deployment('echo "##vso[task.setvariable variable=o;isOutput=true]v"');
    const record = await runText(text, {}, { run: { approve } });
    assert.deepEqual(asked, [{ environment: 'prod', stage: 'Ship', jobs: ['D'] }]);
    assert.deepEqual(scripts(record, 'D'), ['pre PreIteration prod vm', 'route', 'succeeded']);
    assert.deepEqual(scripts(record, 'after'), ['v v v []']);
    assert.deepEqual(
      record.stages.map(({ result }) => result),
      ['Succeeded', 'Succeeded'],
    );
  });

  it('clean up after a hook that failed, and stay failed', async () => {
    const record = await runText(deployment('exit 1'), {}, { run: { approve: approveAll } });
    assert.deepEqual(scripts(record, 'D'), ['pre PreIteration prod vm', 'failed']);
    assert.deepEqual(
      record.stages.map(({ result }) => result),
      ['Failed', 'Skipped'],
    );
  });

  it('do not start without an approval', async () => {
    const record = await runText(deployment('exit 1'));
    assert.deepEqual(
      record.stages.map(({ result, reason, jobs }) => [result, reason, jobs.length]),
      [
        ['Failed', "The environment 'prod' waits for an approval; give it with --approve prod=yes.", 0],
        ['Skipped', 'Its condition does not hold.', 0],
      ],
    );
  });
});

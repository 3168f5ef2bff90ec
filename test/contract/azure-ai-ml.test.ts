import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signInEnvironment } from '../../local/emulator/client-environment.ts';
import { createRegistry } from '../../local/emulator/registry/registry-record.ts';
import { startEmulator, type Emulator } from '../../local/emulator/emulator.ts';

/** The system's Python: distributions package azure-ai-ml for it. */
const PYTHON = '/usr/bin/python3';
const SCRIPTS = fileURLToPath(new URL('python', import.meta.url));
const STAND_INS = join(SCRIPTS, 'missing-packages');
const HOW_TO_INSTALL = 'azure-ai-ml is missing: apt-get install --no-install-recommends python3-azure';

const canImport = (module: string, path: string): boolean =>
  spawnSync(PYTHON, ['-c', `import ${module}`], { env: { PATH: process.env.PATH, PYTHONPATH: path } }).status === 0;

interface Outcome {
  readonly code: number | null;
  /** All that the script reported, later reports over earlier ones; and each report of its own. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly reports: readonly Readonly<Record<string, unknown>>[];
  readonly output: string;
}

describe('azure-ai-ml, unchanged, against the emulator', function () {
  this.timeout(300_000);
  let folder = '';
  let emulator: Emulator | undefined;
  let pythonPath: string;

  before(async function () {
    // Debian packages azure-ai-ml without one of its dependencies; what it calls of it stands in for that one alone.
    pythonPath = canImport('pydash', '') ? SCRIPTS : `${SCRIPTS}:${STAND_INS}`;
    if (!canImport('azure.ai.ml', pythonPath)) {
      process.stderr.write(`${HOW_TO_INSTALL}\n`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'azure-ai-ml-'));
    emulator = await startEmulator({ speed: 60 });
  });
  after(async () => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
    await emulator?.close();
  });

  async function run(script: string, more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    assert.ok(emulator);
    const { settings, cloud, url } = emulator;
    const child = spawn(PYTHON, [join(SCRIPTS, script)], {
      cwd: folder,
      env: {
        ...emulator.environment,
        PATH: process.env.PATH,
        HOME: folder,
        PYTHONPATH: pythonPath,
        PYTHONDONTWRITEBYTECODE: '1',
        ...signInEnvironment(settings, cloud, url),
        ...more,
        COMPUTE: settings.compute,
        WORK_FOLDER: mkdtempSync(join(folder, 'work-')),
      },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const reports = [...output.matchAll(/^REPORT (.*)$/gm)].map(
      ([, json = '{}']) => JSON.parse(json) as Record<string, unknown>,
    );
    return { code, output, reports, facts: Object.assign({}, ...reports) as Record<string, unknown> };
  }

  it('creates data and an environment, runs jobs, streams, downloads and cancels them', async () => {
    const { code, facts, output } = await run('azure_ai_ml_job.py');
    assert.equal(code, 0, output);
    assert.equal(facts.workspace, 'westeurope');
    assert.equal(facts.data, 'numbers:1');
    assert.equal(facts.environment, 'plain-python:1');
    assert.match(output, /Streaming user_logs\/std_log\.txt\n=+\n\nthe total is 42\n/);
    assert.equal(facts.status, 'Completed');
    assert.equal(facts.tags, 'contract');
    assert.equal(facts.experiment, 'adding');
    assert.equal(facts.listed, true);
    assert.equal(facts.total, '42');
    assert.equal(facts.failure, 'JobException');
    assert.equal(facts.failed_status, 'Failed');
    assert.equal(facts.canceled_status, 'Canceled');
  });

  it('sweeps, and finds and downloads the best trial', async () => {
    const { code, facts, output } = await run('azure_ai_ml_sweep.py');
    assert.equal(code, 0, output);
    assert.deepEqual([facts.type, facts.first_status, facts.status], ['sweep', 'Running', 'Completed']);
    assert.equal(facts.is_trial, true);
    assert.deepEqual(facts.values, ['4.0']);
  });

  it('deploys a model to a batch endpoint, has it score a folder and downloads the predictions', async () => {
    const { code, facts, output } = await run('azure_ai_ml_batch_endpoint.py');
    assert.equal(code, 0, output);
    assert.deepEqual([facts.state, facts.auth_mode], ['Succeeded', 'aad_token']);
    assert.equal(facts.scoring_uri, 'https://factor-batch.westeurope.inference.ml.azure.com/jobs');
    assert.deepEqual([facts.deployment, facts.file], ['blue', 'predictions.csv']);
    assert.deepEqual([facts.default, facts.status, facts.listed], ['blue', 'Completed', true]);
    assert.equal(facts.predictions, 'a.txt 3\nb.txt 6\n');
    assert.deepEqual(facts.endpoints, []);
  });

  it('deploys a model twice behind an endpoint, moves the traffic and scores', async () => {
    const { code, facts, reports, output } = await run('azure_ai_ml_online_endpoint.py');
    assert.equal(code, 0, output);
    const [endpoint] = reports;
    assert.deepEqual(endpoint, { state: 'Succeeded', auth_mode: 'key', network: 'Disabled' });
    assert.equal(facts.scoring_uri, 'https://factor-endpoint.westeurope.inference.ml.azure.com/score');
    assert.deepEqual(facts.traffic, { blue: 100 });
    assert.equal(facts.answer, '[2, 4]');
    assert.equal(facts.green, '[3, 6]');
    assert.deepEqual(facts.deployments, ['blue', 'green']);
    assert.equal(facts.logs, true);
    assert.equal(facts.keys, true);
    assert.deepEqual(
      reports.flatMap(({ deployment, state }) => (deployment === undefined ? [] : [[deployment, state]])),
      [
        ['blue', 'Succeeded'],
        ['green', 'Succeeded'],
      ],
    );
    assert.deepEqual(facts.left, ['green']);
    assert.deepEqual(facts.endpoints, []);
  });

  it('makes assets in a registry, shares a model with it and takes it back', async () => {
    assert.ok(emulator);
    const { subscriptionId, resourceGroup, region } = emulator.settings;
    const name = 'shared-models';
    createRegistry(emulator.context, { subscriptionId, resourceGroup, name, body: { location: region } });
    const { code, facts, output } = await run('azure_ai_ml_registry.py', { REGISTRY: name });
    assert.equal(code, 0, output);
    const root = `azureml://registries/${name}`;
    assert.deepEqual([facts.location, facts.listed], [region, [name]]);
    assert.equal(facts.environment, `${root}/environments/sklearn/versions/1`);
    assert.equal(facts.local, `${root}/models/local/versions/1`);
    assert.equal(facts.shared, `${root}/models/churn/versions/3`);
    assert.deepEqual(facts.versions, ['3']);
    assert.equal(facts.component, `${root}/components/runs/versions/1`);
    assert.equal(facts.environment_of_component, `${root}/environments/sklearn/versions/1`);
    assert.equal(facts.downloaded, '0.5');
  });
});

import assert from 'node:assert/strict';
import { asObject, textAt } from '../../local/emulator/json.ts';
import type { Json, JsonObject } from '../../local/emulator/json.ts';
import { startJobWorkspace } from './job-workspace.ts';
import type { JobWorkspace } from './job-workspace.ts';

const SCORE = [
  'import os, sys',
  'def init():',
  '    global offset',
  '    offset = int(sys.argv[sys.argv.index("--offset") + 1])',
  'def run(batch):',
  '    if any("bad" in os.path.basename(path) for path in batch): raise ValueError("a bad file")',
  '    return [f"{os.path.basename(path)}={int(open(path).read()) + offset}" for path in batch]',
].join('\n');

const ENVIRONMENT = 'azureml:AzureML-minimal:1';
const memberText = (run: JsonObject | undefined, name: string): string => textAt(run, name) ?? '';

describe('parallel steps of the emulator', function () {
  this.timeout(60_000);
  let workspace: JobWorkspace;
  let code: string;

  before(async () => {
    workspace = await startJobWorkspace();
    code = await workspace.putCode('parallel', { 'score.py': SCORE });
  });
  after(() => workspace.close());

  const put = (name: string, properties: JsonObject) => workspace.arm('PUT', `jobs/${name}`, { properties });
  const children = async (name: string): Promise<readonly JsonObject[]> => {
    const answer = await workspace.data('GET', 'history/v1.0', `experiments/search/runs/${name}/children`);
    return (answer.body.value as readonly Json[]).map(asObject);
  };

  async function score(name: string, files: Readonly<Record<string, string>>, fields: JsonObject = {}) {
    const { emulator } = workspace;
    const { blobs, settings } = emulator.context;
    const id = textAt((await workspace.arm('GET', workspace.id)).body, 'properties', 'workspaceId') ?? '';
    const container = `azureml-blobstore-${id}`;
    for (const [file, content] of Object.entries(files)) {
      await blobs.write({ account: settings.storageAccount, container, name: `${name}/${file}` }, content);
    }
    const component = await workspace.putComponent(`score-${name}`, {
      type: 'parallel',
      inputs: { data: { type: 'uri_folder' }, offset: { type: 'integer' } },
      outputs: { scores: { type: 'uri_file' } },
      input_data: '${{inputs.data}}',
      mini_batch_size: '2',
      max_concurrency_per_instance: 2,
      retry_settings: { max_retries: 1, timeout: 30 },
      task: {
        type: 'run_function',
        code: `azureml:${code}`,
        environment: ENVIRONMENT,
        entry_script: 'score.py',
        program_arguments: '--offset ${{inputs.offset}}',
        append_row_to: '${{outputs.scores}}',
      },
      ...fields,
    });
    const created = await put(name, {
      jobType: 'Pipeline',
      experimentName: 'search',
      inputs: { data: { jobInputType: 'uri_folder', uri: `azureml://datastores/workspaceblobstore/paths/${name}/` } },
      jobs: {
        score: {
          type: 'parallel',
          componentId: component,
          inputs: {
            data: { job_input_type: 'literal', value: '${{parent.inputs.data}}' },
            offset: { job_input_type: 'literal', value: '100' },
          },
        },
      },
    });
    assert.equal(created.status, 201, created.text);
    const job = await workspace.waitForState(name, 'Completed', 'Failed');
    const [step] = await children(name);
    const { body } = await workspace.data(
      'GET',
      'history/v1.0',
      `experiments/search/runs/${memberText(step, 'runId')}/details`,
    );
    const log = await workspace.open(textAt(body, 'logFiles', 'user_logs/std_log.txt') ?? '');
    const stored = await blobs.list(settings.storageAccount, container, `azureml/${memberText(step, 'runId')}/scores`);
    const blob = stored[0]?.name;
    const rows =
      blob === undefined
        ? ''
        : ((await blobs.read({ account: settings.storageAccount, container, name: blob }))?.toString() ?? '');
    return { status: textAt(job, 'properties', 'status'), log: log.text, rows: rows.trim().split('\n') };
  }

  const DATA = { a: '1', b: '2', c: '3', d: '4', e: '5' };

  it('runs the entry script over mini batches and appends its results', async () => {
    const { status, log, rows } = await score('plain', DATA);
    assert.equal(status, 'Completed', log);
    assert.deepEqual(rows, ['a=101', 'b=102', 'c=103', 'd=104', 'e=105']);
    assert.match(log, /5 items in 3 mini batches/);
  });

  it('tries a mini batch again, and bears as many failures as it may', async () => {
    const { status, log, rows } = await score('lenient', { ...DATA, bad: 'x' }, { error_threshold: 2 });
    assert.equal(status, 'Completed', log);
    assert.equal(rows.length, 4);
    assert.match(log, /failed, trying again/);
  });

  it('fails with more failures than it may have', async () => {
    const { status, log } = await score('harsh', { ...DATA, bad: 'x' }, { error_threshold: 1 });
    assert.equal(status, 'Failed');
    assert.match(log, /2 failed items, error_threshold is 1/);
  });
});

import assert from 'node:assert/strict';
import { planFile } from '../../../tasks/common/aml-yaml/plan-file.ts';
import type { Plan } from '../../../tasks/common/aml-yaml/plan.ts';
import { at } from '../../../tasks/common/domain/json.ts';
import { memoryFiles } from './memory-files.ts';

const WORKSPACE = { subscriptionId: 's', resourceGroup: 'rg', name: 'ws' };
const ROOT = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws';

function plan(yaml: string): Promise<Plan> {
  const tree = { '/sources/f.yml': yaml, '/sources/model/m.pkl': 'm', '/sources/code/score.py': 'def init(): pass' };
  return planFile({
    file: 'f.yml',
    absolutePath: '/sources/f.yml',
    files: memoryFiles(tree),
    workspace: WORKSPACE,
    sourcesDirectory: '/sources',
    job: { name: 'j', experimentName: 'own' },
  });
}

/** What the service was seen to receive for files like these. */
describe('bodies as the service receives them', () => {
  it('register the outputs of a command job under the names the file gives', async () => {
    const { main } = await plan(
      'type: command\ncommand: echo\nenvironment: azureml:e:1\nidentity: {type: AMLToken}\noutputs:\n  plain:\n' +
        '  sent: {mode: upload, name: kept, version: 2}\n  written: {mode: rw_mount}\n',
    );
    assert.deepEqual(at(main.body as never, 'properties', 'identity'), { identityType: 'AMLToken' });
    assert.deepEqual(at(main.body as never, 'properties', 'outputs'), {
      plain: { jobOutputType: 'uri_folder' },
      sent: { jobOutputType: 'uri_folder', mode: 'Upload', assetName: 'kept', assetVersion: '2' },
      written: { jobOutputType: 'uri_folder', mode: 'ReadWriteMount' },
    });
  });

  it('leave out what a distribution does not know, and turn default values into texts', async () => {
    const { main } = await plan(
      '$schema: https://x/commandComponent.schema.json\nname: c\ncommand: echo ${{inputs.rate}}\n' +
        'environment: azureml:AzureML-e:3\ninputs: {rate: {type: number, default: 10.50}}\n' +
        'distribution: {type: mpi, process_count_per_instance: 1, more: 7}\nresources: {instance_count: 2}\n',
    );
    assert.equal(main.version?.rule, 'next');
    const spec = at(main.body as never, 'properties', 'componentSpec');
    assert.deepEqual(at(spec, 'distribution'), { type: 'mpi', process_count_per_instance: 1 });
    assert.deepEqual(at(spec, 'inputs', 'rate'), { type: 'number', default: '10.5' });
    assert.deepEqual(at(spec, 'resources'), { instance_count: 2 });
  });

  it('know a batch deployment by what only batch deployments have', async () => {
    const { kind, main } = await plan(
      'name: blue\nendpoint_name: batch\nmodel: {path: model}\ncode_configuration: {code: code, scoring_script: score.py}\n' +
        'environment: azureml:e:1\ncompute: azureml:cpu\nmini_batch_size: 10\noutput_action: append_row\n' +
        'retry_settings: {max_retries: 3, timeout: 30}\nerror_threshold: -1\n',
    );
    assert.equal(kind, 'batchDeployment');
    assert.equal(main.collection, 'batchEndpoints/batch/deployments');
    assert.equal(at(main.body as never, 'properties', 'compute'), `${ROOT}/computes/cpu`);
    assert.equal(at(main.body as never, 'properties', 'outputAction'), 'AppendRow');
    assert.deepEqual(at(main.body as never, 'properties', 'retrySettings'), { maxRetries: 3, timeout: 'PT30S' });
  });
});

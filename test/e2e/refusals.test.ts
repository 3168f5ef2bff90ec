import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint } from '../../local/agent/endpoints.ts';
import type { JobRequest } from '../../local/agent/job-request.ts';
import { agentSettingsFor, serviceOf, type Scheme } from '../../local/emulated-service.ts';
import type { FaultRule } from '../../local/emulator/faults.ts';
import { errorsOf, openBench, stepOf, task, type Bench } from './pipeline-job.ts';

interface Refusal {
  readonly what: string;
  readonly task?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly scheme?: Scheme;
  /** Changes the service connection. */
  readonly connection?: (endpoint: Endpoint) => Endpoint;
  readonly request?: Partial<JobRequest>;
  readonly faults?: readonly FaultRule[];
  /** One for each error, in order. */
  readonly errors: readonly RegExp[];
}

const SCHEMA = '$schema: https://azuremlschemas.azureedge.net/latest/';
const ENVIRONMENT = `${SCHEMA}environment.schema.json\nname: plain\n`;
const JOB = `${SCHEMA}commandJob.schema.json\ncommand: echo 1\nenvironment: azureml:plain:1\n`;

const FILES: Readonly<Record<string, string>> = {
  'good.yml': `${ENVIRONMENT}version: '1'\nimage: ubuntu\n`,
  'broken.yml': `${ENVIRONMENT}image: [ubuntu\n`,
  'two.yml': `${ENVIRONMENT}image: ubuntu\ndescripton: x\ntags: text\n`,
  'linked.yml': `${JOB}code: linked\n`,
  'outside.yml': `${JOB}code: ../outside\n`,
  'endpoint.yml': 'name: refused\nauth_mode: key\npublic_network_access: enabled\n',
  'deployment.yml': 'name: blue\nendpoint_name: refused\nmodel: azureml:m:1\ninstance_type: Standard_DS3_v2\n',
};

const INPUTS: readonly Refusal[] = [
  {
    what: 'an input that is missing',
    inputs: { resourceGroupName: '' },
    errors: [/^The input resourceGroupName is needed\.$/],
  },
  {
    what: 'a value that is none of the choices, and names the nearest',
    inputs: { mode: 'whatif' },
    errors: [/'mode' must be one of apply, whatIf.*whatIf/],
  },
  {
    what: 'a file that is not there',
    inputs: { files: 'god.yml' },
    errors: [/^There is no file 'god\.yml' \(looked in /],
  },
  {
    what: 'YAML that is none, at its place',
    inputs: { files: 'broken.yml' },
    errors: [/^broken\.yml\(\d+,\d+\): error : This is not valid YAML/],
  },
  {
    what: 'two problems of a file, both at once',
    inputs: { files: 'two.yml' },
    errors: [/^two\.yml\(4,1\): .*'descripton'. Did you mean 'description'/, /^two\.yml\(5,7\): .*'tags'/],
  },
  {
    what: 'code outside the sources',
    task: 'AmlRunJob',
    inputs: { jobFile: 'outside.yml' },
    errors: [/^outside\.yml\(4,\d+\): .*'..\/outside' leads to .* outside of the sources/],
  },
  {
    what: 'code outside the sources behind a symbolic link',
    task: 'AmlRunJob',
    inputs: { jobFile: 'linked.yml' },
    errors: [/^linked\.yml\(4,\d+\): .*'linked' leads to .* outside of the sources/],
  },
  {
    what: 'public access to an endpoint that is to be private, and a model that is not there, both at once',
    task: 'AmlDeployOnlineEndpoint',
    inputs: { endpointFile: 'endpoint.yml', deploymentFile: 'deployment.yml' },
    errors: [
      /^endpoint\.yml\(3,1\): error : 'public_network_access: enabled' would leave the endpoint public/,
      /^deployment\.yml: The model 'm:1' does not exist in this workspace\.$/,
    ],
  },
];

const CONNECTIONS: readonly Refusal[] = [
  {
    what: 'a connection the agent was not given',
    inputs: { azureSubscription: 'nobody' },
    errors: [/'nobody'/],
  },
  {
    what: 'a connection that signs in in a way Azure does not take',
    connection: (endpoint) => ({
      ...endpoint,
      scheme: 'UsernamePassword',
      parameters: { username: 'robot-1', password: 'hush-hush' },
    }),
    errors: [/scheme UsernamePassword, which cannot sign in/],
  },
  {
    what: 'a workspace that is not there',
    inputs: { workspaceName: 'mlw-mlosp' },
    errors: [/There is no workspace 'mlw-mlosp' in resource group 'rg-mlops'.*Check/],
  },
  {
    what: 'a resource group that is not there',
    inputs: { resourceGroupName: 'rg-mlosp' },
    errors: [/The resource group 'rg-mlosp' does not exist.*Check/],
  },
  {
    what: 'a principal that may not read, and names the role it lacks',
    faults: [{ match: { plane: 'arm' }, action: { kind: 'forbid' } }],
    errors: [/^\[AuthorizationFailed\] .*the role "Reader" on the workspace/],
  },
  {
    what: 'a principal that may not write, and names the role it lacks',
    faults: [{ match: { plane: 'arm', method: 'PUT' }, action: { kind: 'forbid' } }],
    errors: [/^\[AuthorizationFailed\] .*the role "AzureML Data Scientist" on the workspace/],
  },
  {
    what: 'a host the proxy does not let through',
    connection: (endpoint) => ({ ...endpoint, url: 'https://management.example.invalid/' }),
    errors: [/The agent's proxy refused the connection to management\.example\.invalid \(502\)/],
  },
  {
    what: 'a secret that is wrong',
    scheme: 'secret',
    connection: (endpoint) => ({
      ...endpoint,
      parameters: { ...endpoint.parameters, serviceprincipalkey: 'not-the-secret-at-all' },
    }),
    errors: [/^\[AADSTS7000215\] .*is wrong: enter the secret's value/],
  },
  {
    what: 'a secret that has expired',
    scheme: 'secret',
    faults: [{ switch: 'expiredSecret' }],
    errors: [/\[AADSTS7000222\].*has expired/],
  },
  {
    what: 'a connection whose pipeline token is refused',
    faults: [{ match: { plane: 'pipelines' }, action: { kind: 'respond', status: 403, code: 'E', message: 'No.' } }],
    errors: [/^\[Forbidden\] The pipeline did not issue a token .*Authorize the connection/],
  },
];

describe('wrong input', function () {
  this.timeout(60_000);
  let bench: Bench;
  let outside: string;

  before(async () => {
    bench = await openBench();
    for (const [path, text] of Object.entries(FILES)) bench.write(path, text);
    outside = join(bench.sources, '../outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.py'), 'print(1)\n');
    symlinkSync(outside, join(bench.sources, 'linked'));
  });
  after(() => bench.close());
  afterEach(() => {
    bench.emulator.clearFaults();
    bench.emulator.clearRequests();
  });

  for (const refusal of [...INPUTS, ...CONNECTIONS]) {
    it(`refuses ${refusal.what}, and changes nothing`, async () => {
      const service = serviceOf(bench.emulator);
      const { task: name = 'AmlApply', scheme = 'federation', connection = (endpoint: Endpoint) => endpoint } = refusal;
      bench.emulator.addFaults(refusal.faults ?? []);
      const inputs = { ...(name === 'AmlApply' && { files: 'good.yml' }), ...refusal.inputs };
      const endpoints = agentSettingsFor(service, scheme).endpoints?.map(connection);
      const record = await bench.run([task(name, inputs, { name: 'step' })], {
        ...(endpoints && { endpoints }),
        ...refusal.request,
      });
      const step = stepOf(record, 'step');
      const errors = errorsOf(step);
      assert.equal(step.result, 'Failed');
      assert.equal(errors.length, refusal.errors.length, errors.join('\n'));
      for (const [index, pattern] of refusal.errors.entries()) assert.match(errors[index] ?? '', pattern);
      assert.doesNotMatch(errors.join('\n'), /defect of ours|\.cjs/);
      const changes = bench.emulator
        .requests()
        .filter(({ plane, method }) => (plane === 'arm' || plane === 'blob') && !/^(GET|HEAD)$/.test(method))
        .filter(({ status }) => status !== 403);
      assert.deepEqual(
        changes.map(({ method, path }) => `${method} ${path}`),
        [],
      );
    });
  }
});

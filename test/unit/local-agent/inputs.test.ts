import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '../../../local/agent/endpoints.ts';
import { endpointEnvironment, endpointSecrets } from '../../../local/agent/endpoints.ts';
import { buildEnvironment } from '../../../local/agent/environment.ts';
import { resolveInputs, type ResolvedInputs } from '../../../local/agent/inputs.ts';
import { NamedMap } from '../../../local/agent/named-map.ts';
import { readTaskDefinition } from '../../../local/agent/task-definition.ts';
import { Variables } from '../../../local/agent/variables.ts';

const definition = readTaskDefinition(fileURLToPath(new URL('../../fixtures/tasks/Scripted', import.meta.url)));
const connection: Endpoint = {
  id: '0a',
  name: 'My connection',
  url: 'https://management.azure.com',
  scheme: 'WorkloadIdentityFederation',
  parameters: { tenantid: 't1', serviceprincipalid: 'p1' },
  data: { environment: 'AzureCloud', 'dotted.key': 'v' },
};
const other: Endpoint = { ...connection, id: '0b', name: 'Other' };
const system: Endpoint = { ...connection, id: 'SYSTEMVSSCONNECTION', name: 'SYSTEMVSSCONNECTION', scheme: 'OAuth' };

function resolve(
  given: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>> = {},
): ResolvedInputs {
  const variables = new Variables();
  for (const [name, value] of Object.entries(values)) variables.set(name, value);
  return resolveInputs(given, {
    definition,
    variables,
    agentEnvironment: { HOME: '/home/agent' },
    defaultRoot: '/s',
    endpoints: [connection, other, system],
    secureFiles: [],
  });
}

describe('inputs', () => {
  it('take trimmed defaults and trimmed values, by name or alias, and pass what is not declared', () => {
    const { values } = resolve({ SCRIPT: ' x ', unknown: 'kept', azureSubscription: '0A' });
    assert.deepEqual(
      ['script', 'greeting', 'unknown', 'connection'].map((name) => values.get(name)),
      ['x', 'hello', 'kept', '0a'],
    );
  });

  it('replace macros once, then those of the agent’s environment, and leave unknown ones', () => {
    const { values } = resolve({ script: '$(a) $(HOME) $(nosuch)' }, { a: '$(b)', b: 'deep' });
    assert.equal(values.get('script'), '$(b) /home/agent $(nosuch)');
  });

  it('do not trim what comes out of a variable', () => {
    assert.equal(resolve({ script: '$(a)' }, { a: ' padded ' }).values.get('script'), ' padded ');
  });

  it('root paths, an empty one too', () => {
    assert.equal(resolve({}).values.get('file'), '/s');
    assert.equal(resolve({ file: 'a/b' }).values.get('file'), '/s/a/b');
    assert.equal(resolve({ file: '/x/../y' }).values.get('file'), '/y');
  });

  it('hand over only the connections they name, and the system’s', () => {
    const { endpoints, values } = resolve({ connection: 'my CONNECTION' });
    assert.deepEqual([endpoints.map(({ id }) => id), values.get('connection')], [['SYSTEMVSSCONNECTION', '0a'], '0a']);
    assert.deepEqual(
      resolve({ dotted: '0a' }).endpoints.map(({ id }) => id),
      ['SYSTEMVSSCONNECTION'],
    );
    assert.throws(() => resolve({ connection: 'nosuch' }), /service connection 'nosuch', which could not be found/);
  });
});

describe('connections in the environment', () => {
  it('stand as URL, JSON, scheme and single values', () => {
    assert.deepEqual(endpointEnvironment(connection), {
      ENDPOINT_URL_0a: 'https://management.azure.com/',
      ENDPOINT_AUTH_0a:
        '{"parameters":{"tenantid":"t1","serviceprincipalid":"p1"},"scheme":"WorkloadIdentityFederation"}',
      ENDPOINT_AUTH_SCHEME_0a: 'WorkloadIdentityFederation',
      ENDPOINT_AUTH_PARAMETER_0a_TENANTID: 't1',
      ENDPOINT_AUTH_PARAMETER_0a_SERVICEPRINCIPALID: 'p1',
      ENDPOINT_DATA_0a: '{"environment":"AzureCloud","dotted.key":"v"}',
      ENDPOINT_DATA_0a_ENVIRONMENT: 'AzureCloud',
      ENDPOINT_DATA_0a_DOTTED_KEY: 'v',
    });
    assert.equal(
      Object.keys(endpointEnvironment(system)).some((name) => name.startsWith('ENDPOINT_DATA')),
      false,
    );
  });

  it('have secrets, the client id among them but not the tenant', () => {
    assert.deepEqual(endpointSecrets(connection), ['p1']);
  });
});

describe('the environment of a task', () => {
  it('puts variables and inputs over the step’s own values, and those over the agent’s', () => {
    const variables = new Variables();
    variables.set('My.Var', 'variable');
    variables.set('Pass Word', 'hush', { secret: true });
    variables.set('agent.jobstatus', 'Succeeded');
    variables.set('KeepCase', 'x', { preserveCase: true });
    const environment = buildEnvironment({
      agent: { PATH: '/bin', A: 'agent', B: 'agent' },
      step: { A: ' $(My.Var)! ', MY_VAR: 'loses' },
      variables,
      inputs: new NamedMap([['some input', 'v']]),
      endpoints: [],
      secureFiles: [],
      taskVariables: new Variables(),
      prependPath: ['/first', '/second'],
    });
    assert.deepEqual(environment, {
      PATH: '/second:/first:/bin',
      A: 'variable!',
      B: 'agent',
      MY_VAR: 'variable',
      SECRET_PASS_WORD: 'hush',
      AGENT_JOBSTATUS: 'Succeeded',
      'agent.jobstatus': 'Succeeded',
      KeepCase: 'x',
      VSTS_PUBLIC_VARIABLES: '["My.Var","agent.jobstatus","KeepCase"]',
      VSTS_SECRET_VARIABLES: '["Pass Word"]',
      INPUT_SOME_INPUT: 'v',
      TF_BUILD: 'True',
    });
  });
});

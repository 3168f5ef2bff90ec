import assert from 'node:assert/strict';
import { readEnvironment } from '../../../tasks/common/agent/environment.ts';

describe('reading the agent’s environment', () => {
  it('finds variables by the names people know, secret or not', () => {
    const environment = readEnvironment({
      AGENT_TEMPDIRECTORY: '/temp',
      SECRET_AGENT_PROXYPASSWORD: 'hush',
      MY_VARIABLE_NAME: 'x',
      EMPTY: '',
    });
    assert.equal(environment.variable('Agent.TempDirectory'), '/temp');
    assert.equal(environment.variable('agent.proxyPassword'), 'hush');
    assert.equal(environment.variable('my variable.name'), 'x');
    assert.equal(environment.variable('empty'), undefined);
    assert.deepEqual(environment.secretVariables(), ['hush']);
  });

  it('takes everything secret out of what child processes inherit', () => {
    const variables: Record<string, string | undefined> = {
      PATH: '/bin',
      INPUT_TOKEN: 'a',
      SECRET_KEY: 'b',
      ENDPOINT_URL_X: 'https://x',
      ENDPOINT_AUTH_PARAMETER_X_SERVICEPRINCIPALKEY: 'c',
      SECUREFILE_TICKET_X: 'd',
      VSTS_TASKVARIABLE_JOB: 'e',
    };
    const environment = readEnvironment(variables);
    assert.deepEqual(variables, { PATH: '/bin', ENDPOINT_URL_X: 'https://x' });
    assert.equal(environment.input('token'), 'a');
    assert.equal(environment.endpointParameter('X', 'serviceprincipalkey'), 'c');
    assert.equal(environment.taskVariable('job'), 'e');
  });
});

/**
 * What the agent hands a task through the process's environment: inputs, variables, endpoints and task variables.
 *
 * azure-pipelines-task-lib could read it too, but its main module reports a second result for every unhandled error,
 * prints each input in clear as a debug line, leaves a key file in the temporary folder and costs a third of Node's own
 * start-up; so only its command format is used (`commands.ts`).
 */

/** The part of `process.env` this needs; a plain object in tests. */
export type ProcessEnvironment = Record<string, string | undefined>;

/** The agent's values, by the names people know them by. An empty value is the same as a missing one: undefined. */
export interface AgentEnvironment {
  input(name: string): string | undefined;
  /** A pipeline variable, public or secret, e.g. `Agent.TempDirectory`. */
  variable(name: string): string | undefined;
  /** A value kept by an earlier handler of the same step. */
  taskVariable(name: string): string | undefined;
  /** The values of all secret variables: the agent masks them in its log, and only there. */
  secretVariables(): readonly string[];
  endpointUrl(id: string): string | undefined;
  endpointScheme(id: string): string | undefined;
  endpointParameter(id: string, key: string): string | undefined;
  endpointData(id: string, key: string): string | undefined;
}

/** Whatever carries secrets; removed from the environment once read, so that no child process inherits it. */
const SECRET_PREFIXES = ['INPUT_', 'ENDPOINT_AUTH_', 'SECRET_', 'SECUREFILE_TICKET_', 'VSTS_TASKVARIABLE_'];

/**
 * Reads the environment once and removes the secret parts of it.
 * Names follow the agent's own rule (VarUtil.ConvertToEnvVariableFormat): dots and spaces become `_`, upper case.
 */
export function readEnvironment(environment: ProcessEnvironment): AgentEnvironment {
  const secrets = new Map<string, string>();
  for (const [key, value] of Object.entries(environment)) {
    if (!SECRET_PREFIXES.some((prefix) => key.startsWith(prefix))) continue;
    if (value !== undefined) secrets.set(key, value);
    Reflect.deleteProperty(environment, key);
  }
  const read = (key: string): string | undefined => {
    const value = secrets.get(key) ?? environment[key];
    return value === '' ? undefined : value;
  };
  return {
    input: (name) => read(`INPUT_${environmentName(name)}`),
    variable: (name) => read(`SECRET_${environmentName(name)}`) ?? read(environmentName(name)),
    taskVariable: (name) => read(`VSTS_TASKVARIABLE_${environmentName(name)}`),
    secretVariables: () => [...secrets].flatMap(([key, value]) => (key.startsWith('SECRET_') ? [value] : [])),
    endpointUrl: (id) => read(`ENDPOINT_URL_${id}`),
    endpointScheme: (id) => read(`ENDPOINT_AUTH_SCHEME_${id}`),
    endpointParameter: (id, key) => read(`ENDPOINT_AUTH_PARAMETER_${id}_${environmentName(key)}`),
    endpointData: (id, key) => read(`ENDPOINT_DATA_${id}_${environmentName(key)}`),
  };
}

function environmentName(name: string): string {
  return name.replaceAll(/[. ]/g, '_').toUpperCase();
}

/** The environment of a task's process (agent source: NodeHandler.cs, Handler.cs, ProcessInvoker.cs). */
import { delimiter } from 'node:path';
import { endpointEnvironment, type Endpoint } from './endpoints.ts';
import { environmentName } from './environment-names.ts';
import type { NamedMap } from './named-map.ts';
import type { Variables } from './variables.ts';

/** A file of the pipeline's library that an input of type secureFile names. */
export interface SecureFile {
  readonly id: string;
  readonly name: string;
  readonly ticket: string;
}

export interface EnvironmentParts {
  /** The agent process's own environment, below everything else. */
  readonly agent: Readonly<Record<string, string>>;
  /** The step's `env:`; variables and inputs of the same name win over it. */
  readonly step: Readonly<Record<string, string>>;
  readonly variables: Variables;
  readonly inputs: NamedMap<string>;
  readonly endpoints: readonly Endpoint[];
  readonly secureFiles: readonly SecureFile[];
  readonly taskVariables: Variables;
  /** Folders of `task.prependpath`, oldest first. */
  readonly prependPath: readonly string[];
}

/** Builds the environment, later parts over earlier ones: agent, `env:`, variables, inputs, endpoints, task variables, PATH. */
export function buildEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { variables } = parts;
  const environment: Record<string, string> = { ...parts.agent };
  for (const [name, value] of Object.entries(parts.step)) environment[name] = variables.expandMacros(value.trim());
  addVariables(environment, variables);
  for (const [name, value] of parts.inputs.entries()) environment[`INPUT_${environmentName(name)}`] = value;
  for (const endpoint of parts.endpoints) Object.assign(environment, endpointEnvironment(endpoint));
  for (const file of parts.secureFiles) {
    environment[`SECUREFILE_NAME_${file.id}`] = file.name;
    environment[`SECUREFILE_TICKET_${file.id}`] = file.ticket;
  }
  for (const [name, { value }] of parts.taskVariables.entries()) {
    environment[`VSTS_TASKVARIABLE_${environmentName(name)}`] = value;
  }
  if (parts.prependPath.length > 0) {
    const path = variables.get('PATH') ?? environment.PATH ?? '';
    environment.PATH = [...[...parts.prependPath].reverse(), path].join(delimiter);
  }
  environment.TF_BUILD = 'True';
  refuseNul(environment);
  return environment;
}

/** Public variables go under their own name, secret ones as SECRET_<NAME>; two lists keep the names as they were written. */
function addVariables(environment: Record<string, string>, variables: Variables): void {
  const names: Record<'public' | 'secret', string[]> = { public: [], secret: [] };
  for (const [name, { value, secret, preserveCase }] of variables.entries()) {
    names[secret ? 'secret' : 'public'].push(name);
    if (secret) environment[`SECRET_${environmentName(name)}`] = value;
    else environment[environmentName(name, preserveCase)] = value;
    if (name.toLowerCase() === 'agent.jobstatus') environment[name] = value;
  }
  environment.VSTS_PUBLIC_VARIABLES = JSON.stringify(names.public);
  if (names.secret.length > 0) environment.VSTS_SECRET_VARIABLES = JSON.stringify(names.secret);
}

function refuseNul(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (name.includes('\0') || value.includes('\0')) {
      throw new Error(`The environment variable '${name.replaceAll('\0', '?')}' contains a NUL character.`);
    }
  }
}

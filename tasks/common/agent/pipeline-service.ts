/** The pipeline service as the running job may speak to it. */
import type { AgentEnvironment } from './environment.ts';
import type { Masking } from './masking.ts';

/** The system's own connection: it carries the token of the running job. */
const SYSTEM_CONNECTION = 'SYSTEMVSSCONNECTION';

export interface PipelineService {
  /** The job's own token, masked; undefined where the agent was given none. */
  accessToken(): string | undefined;
  /** The environment of a deployment job. */
  readonly environmentName: string | undefined;
}

export function pipelineService(environment: AgentEnvironment, masks: Pick<Masking, 'add'>): PipelineService {
  return {
    accessToken: () => {
      const token = jobToken(environment);
      if (token !== undefined) masks.add(token);
      return token;
    },
    get environmentName() {
      return environment.variable('Environment.Name');
    },
  };
}

/** The token of the running job. It is a secret. */
export function jobToken(environment: AgentEnvironment): string | undefined {
  return environment.endpointParameter(SYSTEM_CONNECTION, 'AccessToken');
}

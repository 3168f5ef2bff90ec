/** The pipeline's own identity token, which Entra takes instead of a secret (workload identity federation). */
import { ServiceError, UserError } from '../errors.ts';
import { textAt } from '../domain/json.ts';
import type { Connection } from '../ports.ts';
import type { HttpPipeline } from './http-pipeline.ts';
import { serviceErrorOf } from './service-error.ts';
import { parseJson } from './json-answer.ts';

export interface PipelineTokenSettings {
  readonly connection: Connection;
  readonly http: HttpPipeline;
  readonly maskSecret: (value: string) => void;
}

/**
 * Asks the pipeline service for a new token. Never followed along a redirect: without the header below the service
 * would answer with a sign-in page.
 */
export async function requestPipelineToken(settings: PipelineTokenSettings): Promise<string> {
  const { connection, http, maskSecret } = settings;
  if (connection.oidc === undefined) {
    throw new UserError(
      `The service connection '${connection.name}' uses workload identity federation, but the pipeline offers no token to it. Update the agent, and refer to the connection by a task input of the job that needs it.`,
    );
  }
  maskSecret(connection.oidc.systemAccessToken);
  const url = new URL(connection.oidc.requestUri);
  if (url.protocol !== 'https:') throw new UserError(`The pipeline's token address '${url.origin}' is not https.`);
  url.searchParams.set('api-version', '7.1');
  url.searchParams.set('serviceConnectionId', connection.id);
  const answer = await http.sender().send({
    method: 'POST',
    url: url.href,
    headers: {
      authorization: `Bearer ${connection.oidc.systemAccessToken}`,
      'content-type': 'application/json',
      'x-tfs-fedauthredirect': 'Suppress',
    },
  });
  const token = answer.status === 200 ? textAt(parseJson(answer), 'oidcToken') : undefined;
  if (token === undefined || token === '') {
    const error = serviceErrorOf(answer, 'The request for a pipeline token');
    throw new ServiceError({
      status: error.status,
      code: error.code,
      message: `The pipeline did not issue a token for the service connection '${connection.name}': ${error.message}`,
      requestId: error.requestId,
      hint: 'Authorize the connection for this pipeline (Project settings, Service connections, Security).',
    });
  }
  maskSecret(token);
  return token;
}

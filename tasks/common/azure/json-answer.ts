/** JSON as services answer it. */
import type { Json } from '../domain/json.ts';
import { ServiceError } from '../errors.ts';
import type { HttpAnswer } from './http-pipeline.ts';

/** The body as JSON; an empty one is null. Throws ServiceError when it is something else (a sign-in or a proxy's page). */
export function parseJson(answer: HttpAnswer): Json {
  const text = answer.text.replace(/^\uFEFF/, '').trim();
  if (text === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new ServiceError({
      status: answer.status,
      code: 'InvalidAnswer',
      message: `The answer is not JSON: ${text.slice(0, 120)}`,
      requestId: answer.headers['x-ms-correlation-request-id'],
      hint: 'Something between the agent and the service (a proxy, a sign-in page) may have answered in its place.',
    });
  }
}

/**
 * JSON in which numbers may be written as NaN and Infinity, as MLflow's servers do in places; such numbers become the
 * texts "NaN", "Infinity" and "-Infinity".
 */
export function parseJsonWithNaN(answer: HttpAnswer): Json {
  try {
    return parseJson(answer);
  } catch (error) {
    const quoted = answer.text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) =>
      found.startsWith('"') ? found : `"${found}"`,
    );
    if (quoted === answer.text) throw error;
    return parseJson({ ...answer, text: quoted });
  }
}

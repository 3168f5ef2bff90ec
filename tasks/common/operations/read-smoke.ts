/** Reads what a rollout sends to the new deployment, and what the answer must be. */
import { UserError } from '../errors.ts';
import { readRequest } from './call-endpoint.ts';
import { readAssertions } from './read-assertions.ts';
import type { Smoke } from './rollout-smoke-test.ts';
import type { Context } from './task-context.ts';

export interface SmokeInputs {
  /** Absolute path. */
  readonly smokeRequestFile: string | undefined;
  readonly smokeAssertions: string | undefined;
}

/** Undefined without a request. Throws UserError. */
export async function readSmoke(context: Context, inputs: SmokeInputs): Promise<Smoke | undefined> {
  const assertions = await readAssertions(context.agent, inputs.smokeAssertions, "input 'smokeAssertions'");
  if (inputs.smokeRequestFile !== undefined) {
    return { body: await readRequest(context, inputs.smokeRequestFile, 'application/json'), assertions };
  }
  if (assertions.length > 0) throw new UserError("Input 'smokeAssertions' needs 'smokeRequestFile'.");
  return undefined;
}

/** Why a job failed, as one error: its own words, those of the step that failed, and the last lines of that step's log. */
import { failureHint, failureKind, type FailureKind } from '../domain/failure-classification.ts';
import { ServiceError } from '../errors.ts';
import type { Run } from '../ports.ts';
import type { LogFollower } from './follow-logs.ts';
import type { Context } from './task-context.ts';
import { tolerant } from './tolerant.ts';

export interface JobFailure {
  readonly kind: FailureKind;
  readonly error: ServiceError;
}

const KIND_TEXT: Readonly<Record<FailureKind, string>> = {
  userCode: 'an error of its own code',
  data: 'data it could not use',
  quota: 'a lack of quota or capacity',
  imageBuild: 'the build of its image',
  preemption: 'the loss of its nodes',
  platform: 'an error of the platform',
  unknown: 'a reason the service does not name',
};

/** Reads what is known about a failed job; what cannot be read is left out. */
export async function jobFailure(
  context: Context,
  name: string,
  steps: readonly Run[],
  logs: LogFollower,
): Promise<JobFailure> {
  const failed = steps.filter((step) => step.status === 'Failed');
  const culprit = failed[0];
  const [own, step] = [await runError(context, name), culprit && (await runError(context, culprit.id))];
  const reason = step ?? own;
  const kind = failureKind(reason?.code ?? '', reason?.message ?? '');
  const where = culprit === undefined ? '' : ` in its step ${failed.map((run) => `'${run.displayName}'`).join(', ')}`;
  const tail = logs.tail(culprit?.id ?? name);
  const lines = tail.length === 0 ? '' : `\nLast lines of its log:\n${tail.map((line) => `  ${line}`).join('\n')}`;
  const message = `The job ${name} failed${where}, because of ${KIND_TEXT[kind]}: ${reason?.message ?? 'no message.'}${lines}`;
  // The hint stands before the log's lines, where people read it.
  const hint = failureHint(kind);
  return {
    kind,
    error: new ServiceError({
      status: 200,
      code: reason?.code ?? 'JobFailed',
      message:
        hint === undefined || tail.length === 0 ? message : message.replace('\nLast lines', `\n${hint}\nLast lines`),
      hint: tail.length === 0 ? hint : undefined,
    }),
  };
}

async function runError({ workspace, agent }: Context, runId: string): Promise<Run['error']> {
  const details = await tolerant(agent.log, `the error of ${runId}`, () =>
    workspace.runs.details(runId, { signal: agent.signal }),
  );
  return details?.error;
}

/**
 * Who submitted a job, so that a retried step finds the job it started instead of starting a second one.
 * The attempt is left out on purpose: an agent's retry and a re-run of the stage are the same submission.
 */
import { nameSlug } from './resource-names.ts';

/** The part of a pipeline run that tells one submission from another. */
export interface SubmissionSource {
  readonly collectionUri: string;
  readonly projectId: string;
  readonly definitionId: string;
  readonly definitionName: string;
  readonly buildId: string;
  readonly stageName: string;
  readonly jobName: string;
  readonly jobLeg: string;
  readonly taskInstanceName: string;
}

/** The text whose hash is the identity of a submission. */
export function identityText(run: SubmissionSource, jobFile: string): string {
  return JSON.stringify([
    run.collectionUri,
    run.projectId,
    run.definitionId,
    run.buildId,
    run.stageName,
    run.jobName,
    run.jobLeg,
    run.taskInstanceName,
    jobFile.replaceAll('\\', '/'),
  ]);
}

/** The name of a submission's first job: pipeline, run and step for people, eight digits of the hash to be unique. */
export function submissionJobName(run: SubmissionSource, identityHash: string): string {
  const parts = [nameSlug(run.definitionName, 40), nameSlug(run.buildId, 20), nameSlug(run.taskInstanceName, 40)];
  return [...parts.filter((part) => part !== ''), identityHash.slice(0, 8)].join('-');
}

/** The name of the n-th job of a submission: `name`, `name-2`, `name-3`, … */
export function attemptJobName(firstName: string, attempt: number): string {
  return attempt === 1 ? firstName : `${firstName}-${attempt}`;
}

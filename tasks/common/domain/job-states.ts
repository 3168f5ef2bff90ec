/** The states of a job, as Resource Manager reports them. */

export type JobPhase = 'waiting' | 'running' | 'ending' | 'ended';

interface JobState {
  readonly phase: JobPhase;
  readonly succeeded: boolean;
  readonly failed: boolean;
  /** Worth a warning: the job may need somebody's attention. */
  readonly note?: string;
}

const waiting: JobState = { phase: 'waiting', succeeded: false, failed: false };
const running: JobState = { phase: 'running', succeeded: false, failed: false };
const ending: JobState = { phase: 'ending', succeeded: false, failed: false };

/**
 * Every state of the service by name (JobStatus of the REST API, with the older `Preparing` and the run history's
 * `Unapproved`). NotResponding and Paused are not ends: a job comes back from both.
 */
const STATES: Readonly<Record<string, JobState>> = {
  NotStarted: waiting,
  Unapproved: waiting,
  Scheduled: waiting,
  Starting: waiting,
  Provisioning: waiting,
  Preparing: waiting,
  Queued: waiting,
  Running: running,
  Finalizing: ending,
  CancelRequested: ending,
  NotResponding: { ...running, note: 'The service hears nothing from the job at the moment; waiting goes on.' },
  Paused: { ...waiting, note: 'Somebody has paused the job; waiting goes on until it is resumed or cancelled.' },
  Unknown: { ...running, note: 'The service does not know the state of the job at the moment; waiting goes on.' },
  Completed: { phase: 'ended', succeeded: true, failed: false },
  Failed: { phase: 'ended', succeeded: false, failed: true },
  Canceled: { phase: 'ended', succeeded: false, failed: false },
};

/** What a state means; a name nobody knows is waited on, with a note, never read as an end. */
export function jobState(status: string): JobState {
  return STATES[status] ?? { ...running, note: `The state '${status}' is not known to this task; waiting goes on.` };
}

/** True when the job will not change any more: Completed, Failed or Canceled. */
export function hasEnded(status: string): boolean {
  return jobState(status).phase === 'ended';
}

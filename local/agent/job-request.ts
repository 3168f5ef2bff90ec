/** What a job is asked to do: the message an agent gets from the service, and where and how this one runs it. */
import type { ClockSettings } from './clock.ts';
import type { Endpoint } from './endpoints.ts';
import type { SecureFile } from './environment.ts';
import type { NodeBinaries } from './handler.ts';
import type { Restrictions } from './restrictions.ts';
import type { Phase } from './task-definition.ts';

export interface StepControl {
  /** Under which outputs are found; the harness makes one up where it is missing. */
  readonly name?: string | undefined;
  readonly displayName?: string | undefined;
  /** An expression; `succeeded()` where it is missing. */
  readonly condition?: string | undefined;
  readonly continueOnError?: boolean | undefined;
  readonly enabled?: boolean | undefined;
  /** 0 is no limit of its own. */
  readonly timeoutInMinutes?: number | undefined;
}

export interface TaskStep extends StepControl {
  readonly kind: 'task';
  /** Folder of the built task, with task.json at its root. */
  readonly folder: string;
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** At most 10. */
  readonly retryCountOnTaskFailure?: number | undefined;
  /** Restrictions of the pipeline (`target:`), beside the task's own. */
  readonly target?: Restrictions | undefined;
}

/** Copies a working tree into the job's sources folder. */
export interface CheckoutStep extends StepControl {
  readonly kind: 'checkout';
  readonly from: string;
  /** Below the job's folder (`Agent.BuildDirectory`); the sources folder where it is missing. */
  readonly to?: string | undefined;
}

export type StepRequest = TaskStep | CheckoutStep;

export interface JobVariable {
  readonly value: string;
  readonly secret?: boolean;
  readonly readOnly?: boolean;
}

export interface NetworkSettings {
  readonly proxyUrl?: string | undefined;
  readonly proxyUsername?: string | undefined;
  readonly proxyPassword?: string | undefined;
  /** ECMAScript regular expressions over the URL. */
  readonly proxyBypass?: readonly string[] | undefined;
  /** Certificate authorities as a PEM file. */
  readonly caFile?: string | undefined;
}

/** Where the pipeline service is, who asks, and what may ask for tokens in its name. */
export interface PipelineService {
  readonly collectionUri: string;
  readonly accessToken: string;
}

/** How long the agent waits, in real milliseconds. */
export interface GraceTimes {
  readonly sigint: number;
  readonly sigterm: number;
  /** For the streams to end once the process has exited. */
  readonly streams: number;
  /** From `task.complete done=true` to going on without the process. */
  readonly done: number;
}

/** The agent's own times (ProcessInvoker.cs, ExecutionContext.cs). */
export const AGENT_GRACE: GraceTimes = { sigint: 7500, sigterm: 2500, streams: 5000, done: 5000 };

export interface LogLine {
  readonly step: string;
  readonly phase: Phase;
  /** Masked. */
  readonly text: string;
}

export interface JobRequest {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly steps: readonly StepRequest[];
  readonly variables?: Readonly<Record<string, JobVariable>> | undefined;
  readonly endpoints?: readonly Endpoint[] | undefined;
  readonly secureFiles?: readonly SecureFile[] | undefined;
  readonly service?: PipelineService | undefined;
  readonly network?: NetworkSettings | undefined;
  /** Real time where it is missing. */
  readonly clock?: ClockSettings | undefined;
  readonly folders: {
    /** The agent's work folder; no node_modules may stand above it. Survives the job. */
    readonly work: string;
    /** Used in place as the sources folder; where it is missing, `work/1/s`. */
    readonly sources?: string | undefined;
    /** Where log files are written; none are without it. */
    readonly logs?: string | undefined;
  };
  /** Which Node a task with a Node24 handler gets. */
  readonly node?: 20 | 24 | undefined;
  readonly binaries?: NodeBinaries | undefined;
  /** The agent process's own environment, beside PATH, HOME, TMPDIR and LANG. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /**
   * Runs tasks as in a container: nothing of the agent's environment but PATH, and no signal reaches the process; it goes
   * on until the job ends.
   */
  readonly container?: boolean | undefined;
  readonly grace?: Partial<GraceTimes> | undefined;
  /** From the cancellation to the end of everything; at least one minute, on the job's clock. */
  readonly cancelTimeoutInMinutes?: number | undefined;
  readonly onLine?: ((line: LogLine) => void) | undefined;
  /** Told the environment value that marks the job's processes, before the first of them starts. */
  readonly onStart?: ((lookupId: string) => void) | undefined;
  /** Cancels the job. */
  readonly cancel?: AbortSignal | undefined;
}

/** What a job leaves behind: plain data for assertions and for the console. Every text is masked. */
import type { Phase } from './task-definition.ts';
import type { TaskResult } from './task-result.ts';

export interface Issue {
  readonly type: 'error' | 'warning';
  readonly message: string;
  /** `sourcepath`, `linenumber`, `code` … as the command gave them. */
  readonly data: Readonly<Record<string, string>>;
}

export interface Attachment {
  readonly type: string;
  readonly name: string;
  readonly path: string;
  /** Read after the process has exited, as the agent uploads it; undefined when the file was gone by then. Not masked. */
  readonly content: Buffer | undefined;
  /** The agent does not mask attachments: a secret in one is a defect of the task. */
  readonly holdsSecret: boolean;
}

/** The attachment type of a run's summary sections. */
export const SUMMARY_TYPE = 'DistributedTask.Core.Summary';
export const FILE_TYPE = 'DistributedTask.Core.FileAttachment';

export interface TimelineDetail {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly type: string;
  readonly order: number | undefined;
  readonly progress: number | undefined;
  readonly state: string;
  readonly result: TaskResult | undefined;
  readonly currentOperation: string | undefined;
  readonly startTime: string | undefined;
  readonly finishTime: string | undefined;
}

export interface TestResults {
  readonly runTitle: string;
  readonly files: readonly string[];
  readonly total: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Artifact {
  readonly name: string;
  /** Files below the uploaded folder, or the one file, with their bytes. */
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
}

export interface OutputVariable {
  readonly value: string;
  readonly secret: boolean;
}

export interface StepRecord {
  readonly id: string;
  /** The step's `name:`, under which its outputs are found. */
  readonly name: string;
  readonly displayName: string;
  readonly phase: Phase;
  readonly result: TaskResult;
  /** At most ten errors and ten warnings; the counts below are whole. */
  readonly issues: readonly Issue[];
  readonly errorCount: number;
  readonly warningCount: number;
  readonly outputs: Readonly<Record<string, OutputVariable>>;
  readonly attachments: readonly Attachment[];
  readonly artifacts: readonly Artifact[];
  readonly testResults: readonly TestResults[];
  readonly details: readonly TimelineDetail[];
  readonly progress: number;
  readonly currentOperation: string | undefined;
  /** One entry a message, as in the step's log, without times. */
  readonly log: readonly string[];
  /** Of the last attempt; undefined when nothing ran or a signal ended it. */
  readonly exitCode: number | undefined;
  /** The signal that ended the last attempt. */
  readonly endedBy: string | undefined;
  /** Signals sent to the process, in order. */
  readonly signals: readonly string[];
  readonly attempts: number;
  readonly nodePath: string | undefined;
  /** Virtual milliseconds since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface LeftoverProcess {
  readonly pid: number;
  readonly command: string;
}

export interface JobRecord {
  readonly name: string;
  readonly result: TaskResult;
  readonly steps: readonly StepRecord[];
  /** `step.name` to the value, of every output variable. */
  readonly outputs: Readonly<Record<string, OutputVariable>>;
  /** Sections of the run's summary, in the order of the steps. */
  readonly summaries: readonly { readonly step: string; readonly title: string; readonly markdown: string }[];
  /** A sentence for each attachment that holds a secret; none when all is well. */
  readonly leaks: readonly string[];
  readonly buildNumber: string;
  readonly buildTags: readonly string[];
  /** Processes of the job that were still there when it ended; they have been killed. */
  readonly leftovers: readonly LeftoverProcess[];
  readonly logFiles: readonly string[];
}

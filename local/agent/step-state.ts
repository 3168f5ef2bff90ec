/** What a running step and its job hold, and what logging commands change. */
import type { Endpoint } from './endpoints.ts';
import type { StepLog } from './job-log.ts';
import type { SecretMasker } from './secret-masker.ts';
import type { Artifact, Issue, OutputVariable, TestResults, TimelineDetail } from './records.ts';
import type { Restrictions } from './restrictions.ts';
import { mergeResults, type TaskResult } from './task-result.ts';
import type { Variables } from './variables.ts';

/** More issues than this are only in the log. */
const MAX_ISSUES = 10;

export interface JobState {
  readonly masker: SecretMasker;
  readonly variables: Variables;
  readonly endpoints: Endpoint[];
  readonly sourcesFolder: string;
  readonly prependPath: string[];
  readonly buildTags: string[];
  status: TaskResult | undefined;
  buildNumber: string;
}

export interface QueuedAttachment {
  readonly type: string;
  readonly name: string;
  readonly path: string;
}

export interface AsyncCommand {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface StepSettings {
  readonly name: string;
  readonly log: StepLog;
  readonly debug: boolean;
  readonly taskVariables: Variables;
  readonly outputNames: readonly string[];
  readonly restrictions: readonly Restrictions[];
}

export class StepState {
  readonly job: JobState;
  readonly settings: StepSettings;
  readonly outputs = new Map<string, OutputVariable>();
  readonly issues: Issue[] = [];
  readonly counts = { error: 0, warning: 0 };
  readonly attachments: QueuedAttachment[] = [];
  readonly asyncCommands: AsyncCommand[] = [];
  readonly artifacts: Artifact[] = [];
  readonly testResults: TestResults[] = [];
  readonly details = new Map<string, TimelineDetail>();
  result: TaskResult | undefined;
  /** Failed once any command failed; a retry does not forget it. */
  commandResult: TaskResult | undefined;
  progress = 0;
  currentOperation: string | undefined;
  /** Called at `task.complete done=true`. */
  onDone: () => void = () => undefined;

  constructor(job: JobState, settings: StepSettings) {
    this.job = job;
    this.settings = settings;
  }

  output(text: string): void {
    this.settings.log.write(text);
  }

  section(text: string): void {
    this.settings.log.write(text, '##[section]');
  }

  debug(text: string): void {
    if (this.settings.debug) this.settings.log.write(text, '##[debug]');
  }

  warning(message: string): void {
    this.addIssue('warning', message, {});
  }

  error(message: string): void {
    this.addIssue('error', message, {});
  }

  addIssue(type: Issue['type'], message: string, data: Readonly<Record<string, string>>): void {
    this.settings.log.write(message, type === 'error' ? '##[error]' : '##[warning]');
    if (this.counts[type] < MAX_ISSUES) {
      this.issues.push({ type, message: this.job.masker.mask(message), data: this.#masked(data) });
    }
    this.counts[type]++;
  }

  mergeResult(result: TaskResult): void {
    this.result = mergeResults(this.result, result);
  }

  mergeCommandResult(result: TaskResult): void {
    this.commandResult = mergeResults(this.commandResult, result);
  }

  /** Percent never falls. */
  setProgress(percent: number, operation: string): void {
    this.progress = Math.max(this.progress, percent);
    if (operation !== '') this.currentOperation = this.job.masker.mask(operation);
  }

  #masked(data: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, this.job.masker.mask(value)]));
  }
}

/** Follows the logs of running jobs by byte range: each byte is read once, and memory does not grow with the log. */
import { CancelledError, ServiceError } from '../errors.ts';
import type { RunDetails } from '../ports.ts';
import type { Context } from './task-context.ts';

/** The logs that users write (rank 0 of distributed ones), and those of older jobs: as the service's own client shows. */
const USER_LOGS = [
  /^user_logs\/std_log\D*0*(?:_ps)?\.txt$/,
  /^azureml-logs\/\d{2}.+\.txt$/,
  /^logs\/azureml\/executionlogs\.txt$/,
  /^azureml-logs\/hyperdrive\.txt$/,
];
/** Lines kept of each log, for the error of a failed step. */
const TAIL_LINES = 20;
/** A line longer than this is cut into several, so that a log without line breaks needs no memory. */
const LONGEST_LINE = 16_384;
/** Reads of one log in a row before another log has its turn. */
const READS_PER_TURN = 8;
/** After so many failures in a row the logs are taken to be out of this agent's reach. */
const FAILURES_ALLOWED = 3;

interface FollowedLog {
  offset: number;
  decoder: InstanceType<typeof TextDecoder> | undefined;
  unfinishedLine: string;
  readonly tail: string[];
}

export class LogFollower {
  readonly #context: Context;
  readonly #print: boolean;
  readonly #logs = new Map<string, FollowedLog>();
  #failures = 0;

  /** @param print false only keeps the last lines of each log */
  constructor(context: Context, print: boolean) {
    this.#context = context;
    this.#print = print;
  }

  /** False once the logs have proved to be out of reach. */
  get isReachable(): boolean {
    return this.#failures < FAILURES_ALLOWED;
  }

  /**
   * Writes what is new in the logs of a run, each line behind the label.
   * A log that cannot be read is no error: after a few times it is said once, and the wait goes on.
   */
  async follow(run: Pick<RunDetails, 'id' | 'logFiles'>, label: string, ended: boolean): Promise<void> {
    for (const [name, url] of userLogs(run.logFiles)) {
      if (!this.isReachable) return;
      const log = this.#log(`${run.id}/${name}`);
      try {
        await this.#readNew(log, url, label, ended);
        this.#failures = 0;
      } catch (error) {
        if (error instanceof CancelledError || !(error instanceof ServiceError)) throw error;
        this.#noteFailure(error);
      }
      if (ended) this.#finish(log, label);
    }
  }

  /** The last lines of a run's logs. */
  tail(runId: string): readonly string[] {
    return [...this.#logs].flatMap(([key, log]) => (key.startsWith(`${runId}/`) ? log.tail : [])).slice(-TAIL_LINES);
  }

  #log(key: string): FollowedLog {
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const log: FollowedLog = { offset: 0, decoder: undefined, unfinishedLine: '', tail: [] };
    this.#logs.set(key, log);
    return log;
  }

  async #readNew(log: FollowedLog, url: string, label: string, ended: boolean): Promise<void> {
    const { workspace, agent } = this.#context;
    for (let reads = 0; ended || reads < READS_PER_TURN; reads += 1) {
      const bytes = await workspace.storage.readRange(url, log.offset, { signal: agent.signal });
      // One byte alone does not tell the encoding of a log that has just begun.
      if (bytes.length === 0 || (log.decoder === undefined && bytes.length === 1 && !ended)) return;
      log.offset += bytes.length;
      log.decoder ??= new TextDecoder(encodingOf(bytes));
      this.#write(log, label, log.decoder.decode(bytes, { stream: true }));
    }
  }

  #write(log: FollowedLog, label: string, text: string): void {
    const lines = (log.unfinishedLine + text).split(/\r\n|\n|\r(?!$)/);
    log.unfinishedLine = lines.pop() ?? '';
    for (const line of lines) this.#line(log, label, line);
    while (log.unfinishedLine.length > LONGEST_LINE) {
      this.#line(log, label, log.unfinishedLine.slice(0, LONGEST_LINE));
      log.unfinishedLine = log.unfinishedLine.slice(LONGEST_LINE);
    }
  }

  #line(log: FollowedLog, label: string, line: string): void {
    if (this.#print) this.#context.agent.log.info(label === '' ? line : `${label} | ${line}`);
    log.tail.push(line);
    if (log.tail.length > TAIL_LINES) log.tail.shift();
  }

  #finish(log: FollowedLog, label: string): void {
    const rest = log.unfinishedLine + (log.decoder?.decode() ?? '');
    log.unfinishedLine = '';
    log.decoder = undefined;
    if (rest.trim() !== '') this.#line(log, label, rest.trimEnd());
  }

  #noteFailure(error: ServiceError): void {
    this.#failures += 1;
    if (this.#failures !== FAILURES_ALLOWED) return;
    this.#context.agent.log.warning(
      `The job's logs cannot be read from this agent (${error.message}); they stay in studio, and the wait goes on. ` +
        'They lie in the storage account of the workspace: the agent needs a private endpoint or route to it.',
    );
  }
}

/** By the mark at the start; Windows tools write UTF-16. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

function userLogs(logFiles: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  const names = Object.keys(logFiles).sort();
  const wanted = USER_LOGS.map((pattern) => names.filter((name) => pattern.test(name))).find(
    (found) => found.length > 0,
  );
  return (wanted ?? []).map((name) => [name, logFiles[name] ?? ''] as const);
}

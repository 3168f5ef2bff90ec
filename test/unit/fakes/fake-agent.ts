/** An agent in memory: virtual time, a log that is kept, files in a map. */
import { CancelledError } from '../../../tasks/common/errors.ts';
import type { OperationAgent } from '../../../tasks/common/operations/task-context.ts';
import type {
  Clock,
  Command,
  CommandResult,
  FileEntry,
  Files,
  Log,
  PipelineRun,
  TaskMemory,
} from '../../../tasks/common/ports.ts';

/** Time that passes only while somebody sleeps; sleeps end in the order of their times. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  #isScheduled = false;
  /** Called with the time whenever it has moved on. */
  onTick: (elapsedMs: number) => void = () => undefined;
  readonly started = this.#now;

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const abort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { until: this.#now + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      this.#schedule();
    });
  }

  /** Time moves once everything that can run has run. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const next = this.#sleepers.toSorted((a, b) => a.until - b.until)[0];
      if (next === undefined) return;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.until);
      // Whoever is woken by what happens now finds the time as it is.
      this.onTick(this.#now - this.started);
      if (this.#sleepers.length > 0) this.#schedule();
      next.wake();
    });
  }
}

export class FakeLog implements Log {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];

  info(text: string): void {
    this.lines.push(text);
  }
  warning(text: string): void {
    this.warnings.push(text);
  }
  debug(): void {
    // Nobody looks at it here.
  }
  group<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.lines.push(title);
    return work();
  }
  progress(): void {
    // Shown by the real agent only.
  }
  get text(): string {
    return this.lines.join('\n');
  }
}

/** Files by absolute path. */
export class FakeFiles implements Files {
  readonly content = new Map<string, string>();

  constructor(content: Readonly<Record<string, string>> = {}) {
    for (const [path, text] of Object.entries(content)) this.content.set(path, text);
  }
  readText(path: string): Promise<string | undefined> {
    return Promise.resolve(this.content.get(path));
  }
  async *read(path: string): AsyncIterable<Uint8Array> {
    yield await Promise.resolve(new TextEncoder().encode(this.content.get(path) ?? ''));
  }
  stat(path: string): ReturnType<Files['stat']> {
    const text = this.content.get(path);
    if (text !== undefined) return Promise.resolve({ kind: 'file', size: new TextEncoder().encode(text).length });
    return Promise.resolve(this.#below(path).length > 0 ? { kind: 'folder', size: 0 } : undefined);
  }
  list(path: string): Promise<readonly FileEntry[] | undefined> {
    const below = this.#below(path);
    const names = new Map<string, FileEntry>();
    for (const rest of below) {
      const [name = '', ...more] = rest.split('/');
      names.set(name, { name, kind: more.length > 0 ? 'folder' : 'file', isLink: false });
    }
    return Promise.resolve(below.length === 0 ? undefined : [...names.values()]);
  }
  async realPath(path: string): Promise<string | undefined> {
    return (await this.stat(path)) === undefined ? undefined : path;
  }
  #below(path: string): readonly string[] {
    const folder = `${path.replace(/\/$/, '')}/`;
    return [...this.content.keys()].flatMap((key) => (key.startsWith(folder) ? [key.slice(folder.length)] : []));
  }
}

export const SOURCES = '/agent/1/s';

export const RUN: PipelineRun = {
  collectionUri: 'https://dev.azure.com/contoso/',
  projectId: 'p-1',
  projectName: 'mlops',
  definitionId: '7',
  definitionName: 'Churn CI',
  buildId: '4711',
  buildUrl: 'https://dev.azure.com/contoso/mlops/_build/results?buildId=4711',
  stageName: 'train',
  jobName: 'job',
  jobLeg: '',
  taskInstanceName: 'run',
  repository: 'churn',
  repositoryUri: 'https://dev.azure.com/contoso/mlops/_git/churn',
  sourceBranch: 'refs/heads/main',
  sourceVersion: 'abc123',
  requestedFor: 'Ada',
  sourcesDirectory: SOURCES,
  tempDirectory: '/agent/_temp',
};

/** The agent of one attempt of a step. */
export class FakeAgent implements OperationAgent {
  readonly log = new FakeLog();
  readonly clock: FakeClock;
  readonly variables = new Map<string, string>();
  readonly summaries: string[] = [];
  readonly secrets: string[] = [];
  readonly written = new Map<string, string>();
  readonly files: FakeFiles;
  readonly run: PipelineRun;
  readonly #stop = new AbortController();

  /** @param clock that of an earlier step, where time goes on */
  constructor(
    files: Readonly<Record<string, string>> = {},
    run: Partial<PipelineRun> = {},
    clock: FakeClock = new FakeClock(),
  ) {
    this.clock = clock;
    const below = Object.entries(files).map(([path, text]) => [`${SOURCES}/${path}`, text] as const);
    this.files = new FakeFiles(Object.fromEntries(below));
    this.run = { ...RUN, ...run };
  }
  readonly memory: TaskMemory = {
    get: (name) => this.variables.get(name),
    set: (name, value) => {
      this.variables.set(name, value);
    },
  };
  get signal(): AbortSignal {
    return this.#stop.signal;
  }
  /** What SIGINT does. */
  cancel(): void {
    this.#stop.abort(new CancelledError());
  }
  readonly addSummary = (markdown: string): void => {
    this.summaries.push(markdown);
  };
  readonly maskSecret = (value: string): void => {
    this.secrets.push(value);
  };
  readonly redact = (text: string): string =>
    this.secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  readonly writeTemporaryFile = (name: string, content: string): Promise<string> => {
    const path = `/agent/_temp/${name}`;
    this.written.set(path, content);
    return Promise.resolve(path);
  };
  readonly commands: Command[] = [];
  commandResult: CommandResult = { exitCode: 0, output: '' };
  readonly runCommand = (command: Command): Promise<CommandResult> => {
    this.commands.push(command);
    return Promise.resolve(this.commandResult);
  };
}

/**
 * Virtual time: the real clock, shifted and scaled. Every wait and every date of the emulator goes through it, so that
 * an hour of provisioning can pass in a minute, in step with the processes that share its three numbers.
 */

export interface ClockSettings {
  /** Real milliseconds since 1970 at which virtual time was `originVirtual`. */
  readonly originReal: number;
  readonly originVirtual: number;
  /** Virtual milliseconds per real millisecond. */
  readonly speed: number;
}

export interface Clock {
  readonly settings: ClockSettings;
  /** Virtual milliseconds since 1970. */
  now(): number;
  /** A moment as the services write it: `2022-09-14T22:01:00.3740000+00:00`. */
  iso(moment?: number): string;
  /** The same ending in `Z`, as some of them do. */
  isoZ(moment?: number): string;
  /** Resolves after virtual `ms`; rejects with the signal's reason when it aborts, and never resolves once closed. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `work` after virtual `ms`; the timer keeps no process alive. Returns how to call it off. */
  after(ms: number, work: () => void): () => void;
}

export interface EmulatorClock extends Clock {
  /** Calls off everything that still waits. */
  close(): void;
}

/** Longest delay Node's timers take; longer waits are made of several. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A clock at `settings`; by default virtual time starts at the real time and runs `speed` times as fast. */
export function startClock(settings: ClockSettings): EmulatorClock {
  const pending = new Set<NodeJS.Timeout>();
  const now = (): number => settings.originVirtual + (Date.now() - settings.originReal) * settings.speed;

  const after = (ms: number, work: () => void): (() => void) => {
    let timer: NodeJS.Timeout | undefined;
    const arm = (realMs: number): void => {
      const step = Math.min(realMs, LONGEST_TIMER);
      const current = setTimeout(() => {
        pending.delete(current);
        if (step < realMs) arm(realMs - step);
        else work();
      }, step);
      current.unref();
      pending.add(current);
      timer = current;
    };
    arm(Math.max(0, ms) / settings.speed);
    return () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      pending.delete(timer);
    };
  };

  return {
    settings,
    now,
    iso: (moment = now()) => `${digits(moment)}+00:00`,
    isoZ: (moment = now()) => `${digits(moment)}Z`,
    sleep: (ms, signal) => sleep(after, ms, signal),
    after,
    close: () => {
      for (const timer of pending) clearTimeout(timer);
      pending.clear();
    },
  };
}

function sleep(after: Clock['after'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      if (signal !== undefined) reject(reasonOf(signal));
    };
    const cancel = after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The three numbers as `LOCAL_CLOCK` carries them to other processes. */
export function formatClock(settings: ClockSettings): string {
  return `${settings.originReal},${settings.originVirtual},${settings.speed}`;
}

/** Reads `LOCAL_CLOCK`; undefined when it is not three numbers with a positive speed. */
export function parseClock(text: string): ClockSettings | undefined {
  const numbers = text.split(',').map(Number);
  const [originReal, originVirtual, speed] = numbers;
  if (numbers.length !== 3 || numbers.some((value) => !Number.isFinite(value))) return undefined;
  if (originReal === undefined || originVirtual === undefined || speed === undefined || speed <= 0) return undefined;
  return { originReal, originVirtual, speed };
}

function digits(moment: number): string {
  return new Date(moment).toISOString().replace('Z', '0000');
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

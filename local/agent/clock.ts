/** Scaled time: virtual now = originVirtual + (real now − originReal) × speed. The preload speaks the same three numbers. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ClockSettings {
  /** Milliseconds since 1970, real. */
  readonly originReal: number;
  /** Milliseconds since 1970, virtual. */
  readonly originVirtual: number;
  /** Virtual milliseconds in a real one; positive. */
  readonly speed: number;
}

export const REAL_TIME: ClockSettings = { originReal: 0, originVirtual: 0, speed: 1 };

const PRELOAD = fileURLToPath(new URL('clock-preload.cjs', import.meta.url));

/** Virtual milliseconds since 1970. */
export function virtualNow(clock: ClockSettings): number {
  return clock.originVirtual + (Date.now() - clock.originReal) * clock.speed;
}

/** Waits virtual milliseconds; rejects when the signal aborts. */
export async function virtualDelay(clock: ClockSettings, ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms / clock.speed, undefined, signal && { signal });
}

/** Reads `<originRealMs>,<originVirtualMs>,<speed>`, the form of LOCAL_CLOCK. Throws when it is none. */
export function parseClock(text: string): ClockSettings {
  const [originReal, originVirtual, speed, ...rest] = text.split(',').map(Number);
  if (
    originReal === undefined ||
    originVirtual === undefined ||
    speed === undefined ||
    rest.length > 0 ||
    ![originReal, originVirtual, speed].every(Number.isFinite) ||
    speed <= 0
  ) {
    throw new Error(`LOCAL_CLOCK must be <originRealMs>,<originVirtualMs>,<speed>, not '${text}'.`);
  }
  return { originReal, originVirtual, speed };
}

/** What a Node process needs in its environment to live by this clock; nothing where the clock is the real one. */
export function clockEnvironment(clock: ClockSettings): Record<string, string> {
  if (clock.speed === 1 && clock.originReal === clock.originVirtual) return {};
  return {
    LOCAL_CLOCK: [clock.originReal, clock.originVirtual, clock.speed].join(','),
    NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`,
  };
}

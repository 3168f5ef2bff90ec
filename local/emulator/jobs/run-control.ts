/** The runs that are going on, and how one is asked to stop. */
import { isTerminal } from './records.ts';
import type { RunRecord } from './records.ts';
import type { RunStore } from './run-store.ts';

/** Reason of the abort that comes with the emulator's own end: nothing is waited for then. */
export const CLOSING = 'The emulator is closing.';

export interface RunControl {
  /** Does `work` as that run; its signal aborts when the run is cancelled, or when `outer` aborts. */
  during<T>(run: RunRecord, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Asks a run to end; one that has ended stays as it is. */
  cancel(run: RunRecord, reason: string | null): void;
  /** Aborts all runs and waits until their work has ended. */
  close(): Promise<void>;
}

export function createRunControl(store: RunStore): RunControl {
  const going = new Map<string, AbortController>();
  const works = new Set<Promise<unknown>>();
  const key = (run: RunRecord): string => `${run.workspace}/${run.id}`.toLowerCase();
  const request = (run: RunRecord, reason: string | null): void => {
    const now = store.find(run.workspace, run.id);
    if (now === undefined || isTerminal(now.status)) return;
    store.change(now, { status: 'CancelRequested', cancelReason: reason });
  };

  return {
    during: async (run, outer, work) => {
      const own = new AbortController();
      going.set(key(run), own);
      const onOuter = (): void => {
        request(run, null);
        own.abort(outer?.reason);
      };
      outer?.addEventListener('abort', onOuter, { once: true });
      if (outer?.aborted === true) onOuter();
      const working = work(own.signal);
      works.add(working);
      try {
        return await working;
      } finally {
        works.delete(working);
        going.delete(key(run));
        outer?.removeEventListener('abort', onOuter);
      }
    },
    cancel: (run, reason) => {
      request(run, reason);
      going.get(key(run))?.abort();
    },
    close: async () => {
      for (const controller of going.values()) controller.abort(CLOSING);
      await Promise.allSettled(works);
    },
  };
}

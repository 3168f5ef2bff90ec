/** Starts and ends the blob server behind the emulator: Azurite, in a worker thread. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { ClockSettings } from '../clock.ts';
import { isJsonObject, textAt } from '../json.ts';

export interface BlobServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface BlobServerOptions {
  readonly clock: ClockSettings;
  /** Account name to base64 key. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Keeps blobs in this folder; in memory without. */
  readonly folder?: string;
}

/** Resolves when it listens. Throws when it cannot start. */
export async function startBlobServer(options: BlobServerOptions): Promise<BlobServer> {
  if (options.folder !== undefined) mkdirSync(options.folder, { recursive: true });
  const accounts = Object.entries(options.accounts).map(([name, key]) => `${name}:${key}`);
  const worker = new Worker(new URL('azurite-worker.cjs', import.meta.url), {
    workerData: { clock: options.clock, accounts: accounts.join(';'), folder: options.folder },
    execArgv: [],
    // Azurite talks on the console about what it does; nothing of it is for the user.
    stdout: true,
    stderr: true,
  });
  const [first] = (await once(worker, 'message')) as readonly unknown[];
  if (!isJsonObject(first) || typeof first.port !== 'number') {
    await worker.terminate();
    throw new Error(`The blob server did not start: ${textAt(first, 'error') ?? 'no answer'}`);
  }
  return {
    port: first.port,
    close: async () => {
      const closed = once(worker, 'message');
      worker.postMessage('close');
      // Requests still open (a client that never ended its upload) must not keep the emulator alive.
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT).unref())]);
      await worker.terminate();
    },
  };
}

/** Real milliseconds for Azurite to write its database and end. */
const CLOSE_LIMIT = 2000;

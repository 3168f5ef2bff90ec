/**
 * The process's two output streams. The agent parses both for commands, so whatever reaches them by another way than
 * ours (a library's console.log, a warning) is neutralised line by line.
 */
import type { WriteLine } from './commands.ts';
import { lineNeutraliser } from './neutralise.ts';

export interface GuardedStreams {
  /** Writes one of our own lines as it is. */
  readonly write: WriteLine;
  /** Resolves when everything written has left the process. */
  readonly flush: () => Promise<void>;
}

type RawWrite = (text: string, done?: () => void) => boolean;
type Done = (error?: Error | null) => void;

/** Takes the streams over. Nobody is left to tell when one of them is closed, so its errors are ignored. */
export function guardStreams(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): GuardedStreams {
  const [out, err] = [guard(stdout), guard(stderr)];
  return {
    write: (line) => {
      out.raw(`${line}\n`);
    },
    flush: async () => {
      await Promise.all([out, err].map(drain));
    },
  };
}

interface Guarded {
  readonly raw: RawWrite;
  readonly end: () => void;
}

function guard(stream: NodeJS.WriteStream): Guarded {
  const raw: RawWrite = stream.write.bind(stream);
  const foreign = lineNeutraliser((line) => raw(`${line}\n`));
  stream.on('error', () => undefined);
  stream.write = (chunk: string | Uint8Array, encodingOrDone?: BufferEncoding | Done, done?: Done): boolean => {
    const [encoding, callback] =
      typeof encodingOrDone === 'function' ? [undefined, encodingOrDone] : [encodingOrDone, done];
    foreign.push(typeof chunk === 'string' && encoding !== undefined ? Buffer.from(chunk, encoding) : chunk);
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
  return { raw, end: foreign.end };
}

function drain(stream: Guarded): Promise<void> {
  stream.end();
  return new Promise((resolve) => {
    stream.raw('', () => {
      resolve();
    });
  });
}

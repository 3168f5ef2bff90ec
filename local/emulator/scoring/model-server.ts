/** One model server: the process that runs a scoring script, asked over a socket only this user can open. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../child-process.ts';

export interface ModelServerOptions {
  /** Folder of the scoring code; the working folder of the process. */
  readonly appRoot: string;
  /** The scoring script: a path in `appRoot`, or an absolute one. */
  readonly entryScript: string;
  /** Becomes AZUREML_MODEL_DIR; none when the deployment has no model. */
  readonly modelFolder: string | undefined;
  /** The deployment's variables over those all processes get. */
  readonly environment: Readonly<Record<string, string>>;
  /** Real milliseconds until it must answer its probe: processes live in real time. */
  readonly startTimeout: number;
  readonly onOutput: (text: string) => void;
  /** Gives up a start that is under way. */
  readonly signal: AbortSignal;
}

export interface ModelRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Real milliseconds. */
  readonly timeout: number;
}

export interface ModelAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ModelServer {
  /** Throws ModelTimeout, or ModelUnreachable when the process is gone. */
  ask(request: ModelRequest): Promise<ModelAnswer>;
  /** Resolves with the exit code when the process has ended, for whatever reason. */
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

/** The process ended, or did not answer its probe in time, before it was ready. */
export class ModelServerFailed extends Error {
  override readonly name = 'ModelServerFailed';
  /** Exit code; undefined when it was still running but not ready in time. */
  readonly exitCode: number | undefined;

  constructor(exitCode: number | undefined) {
    super(
      exitCode === undefined ? 'The model server was not ready in time.' : `The model server exited with ${exitCode}.`,
    );
    this.exitCode = exitCode;
  }
}

export class ModelTimeout extends Error {
  override readonly name = 'ModelTimeout';
}

export class ModelUnreachable extends Error {
  override readonly name = 'ModelUnreachable';
}

const SERVER_SCRIPT = fileURLToPath(new URL('model_server.py', import.meta.url));
/** Real milliseconds between two probes of a starting server, and what one probe may take. */
const PROBE_INTERVAL = 50;
const PROBE_TIMEOUT = 2000;

/** Starts the process and waits until it answers its probe. Throws ModelServerFailed; nothing is left running then. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  // Not in the work folder: a socket's path must be short.
  const socketFolder = mkdtempSync(join(tmpdir(), 'aml-'));
  const socketPath = join(socketFolder, 'socket');
  const child = startProcess(options, socketPath);
  const exited = child.exited.finally(() => {
    rmSync(socketFolder, { recursive: true, force: true });
  });
  const server: ModelServer = {
    ask: (request) => ask(socketPath, request),
    exited,
    stop: async () => {
      await child.stop();
      await exited;
    },
  };
  const failure = await untilReady(server, options);
  if (failure === undefined) return server;
  await server.stop();
  throw failure;
}

function startProcess(options: ModelServerOptions, socketPath: string): Child {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  return startChild({
    command: ['python3', '-u', SERVER_SCRIPT],
    cwd: options.appRoot,
    env: {
      ...options.environment,
      AML_APP_ROOT: options.appRoot,
      AZUREML_ENTRY_SCRIPT: options.entryScript,
      ...(options.modelFolder !== undefined && { AZUREML_MODEL_DIR: options.modelFolder }),
      MODEL_SERVER_SOCKET: socketPath,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    grace: 1000,
    onOutput: (chunk, stream) => {
      options.onOutput(decoders[stream].write(chunk));
    },
  });
}

/** Resolves with nothing once the server answers its probe, otherwise with why it will not. */
async function untilReady(
  server: ModelServer,
  { startTimeout, signal }: ModelServerOptions,
): Promise<ModelServerFailed | undefined> {
  const deadline = Date.now() + startTimeout;
  let exitCode: number | undefined;
  void server.exited.then((code) => {
    exitCode = code;
  });
  while (Date.now() < deadline && !signal.aborted) {
    if (exitCode !== undefined) return new ModelServerFailed(exitCode);
    const probe = { method: 'GET', path: '/', headers: {}, timeout: PROBE_TIMEOUT } as const;
    const ready = await server.ask(probe).then(
      (answer) => answer.status === 200,
      () => false,
    );
    if (ready) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL));
  }
  return new ModelServerFailed(exitCode);
}

function ask(socketPath: string, request: ModelRequest): Promise<ModelAnswer> {
  return new Promise((resolve, reject) => {
    const { method, path } = request;
    const headers = { ...request.headers, 'Content-Length': String(request.body?.length ?? 0), Connection: 'close' };
    const outgoing = httpRequest({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {
        reject(new ModelUnreachable());
      });
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    const timer = setTimeout(() => {
      reject(new ModelTimeout());
      outgoing.destroy();
    }, request.timeout);
    outgoing.on('error', () => {
      clearTimeout(timer);
      reject(new ModelUnreachable());
    });
    outgoing.end(request.body);
  });
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ModelServerFailed,
  ModelTimeout,
  ModelUnreachable,
  startModelServer,
  type ModelAnswer,
  type ModelServer,
} from '../../local/emulator/scoring/model-server.ts';

describe('a model server', () => {
  let folder: string;
  let output: string;
  const running: ModelServer[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'model-server-'));
    output = '';
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(script: string, environment: Record<string, string> = {}): Promise<ModelServer> {
    writeFileSync(join(folder, 'score.py'), script);
    const server = await startModelServer({
      appRoot: folder,
      entryScript: 'score.py',
      modelFolder: folder,
      environment: { PATH: process.env.PATH ?? '', ...environment },
      startTimeout: 10_000,
      onOutput: (text) => {
        output += text;
      },
      signal: new AbortController().signal,
    });
    running.push(server);
    return server;
  }

  const score = (server: ModelServer, body: string, timeout = 5000): Promise<ModelAnswer> =>
    server.ask({ method: 'POST', path: '/score', headers: {}, body: Buffer.from(body), timeout });

  it('calls init once and run for each request, with the body as text', async () => {
    const server = await start(
      'import json\ncalls = 0\ndef init():\n  global calls\n  calls += 1\n' +
        'def run(raw_data):\n  return {"inits": calls, "type": type(raw_data).__name__, "sum": sum(json.loads(raw_data))}\n',
    );
    await score(server, '[1]');
    const answer = await score(server, '[1, 2, 3]');
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body.toString()), { inits: 1, type: 'str', sum: 6 });
    assert.equal(answer.headers['x-ms-run-function-failed'], 'False');
    assert.match(answer.headers['x-ms-run-fn-exec-ms'] as string, /^\d+\.\d{3}$/);
  });

  it('answers text that run returns as a JSON string, also when the text is JSON itself', async () => {
    const server = await start('import json\ndef init(): pass\ndef run(data): return json.dumps([1, 2])\n');
    assert.equal((await score(server, '')).body.toString(), '"[1, 2]"');
  });

  it('gives the script its model folder, its environment and what lies beside it', async () => {
    writeFileSync(join(folder, 'neighbour.py'), 'NAME = "neighbour"\n');
    const server = await start(
      'import os, neighbour\ndef init(): pass\n' +
        'def run(data): return [os.environ["AZUREML_MODEL_DIR"], os.environ["GREETING"], neighbour.NAME, os.getcwd()]\n',
      { GREETING: 'good day' },
    );
    assert.deepEqual(JSON.parse((await score(server, '')).body.toString()), [folder, 'good day', 'neighbour', folder]);
  });

  it('answers 500 when run raises, and writes the traceback to the log only', async () => {
    const server = await start('def init(): pass\ndef run(data): raise ValueError("a secret of the model")\n');
    const answer = await score(server, '{}');
    assert.equal(answer.status, 500);
    assert.equal(answer.headers['x-ms-run-function-failed'], 'True');
    assert.doesNotMatch(answer.body.toString(), /secret/);
    assert.match(
      output,
      /E \[\d+\] azmlinfsrv - Encountered Exception: Traceback[\s\S]*ValueError: a secret of the model/,
    );
  });

  it('answers 500 when what run returns is no JSON', async () => {
    const server = await start('def init(): pass\ndef run(data): return object()\n');
    assert.equal((await score(server, '{}')).status, 500);
  });

  it('gives up on a request that takes too long, and goes on with the next', async () => {
    const server = await start(
      'import threading\ngo = threading.Event()\ndef init(): pass\n' +
        'def run(data):\n  if data == "go": go.set()\n  else: go.wait()\n  return data\n',
      { WORKER_COUNT: '2' },
    );
    await assert.rejects(score(server, 'wait', 100), ModelTimeout);
    assert.equal((await score(server, 'go')).body.toString(), '"go"');
  });

  it('exits with 3 when init raises, having logged why and what the model folder holds', async () => {
    const failed = start('def init(): raise RuntimeError("no weights")\ndef run(data): return data\n');
    await assert.rejects(failed, (error) => error instanceof ModelServerFailed && error.exitCode === 3);
    assert.match(output, /User's init function failed/);
    assert.match(output, /RuntimeError: no weights/);
    assert.match(output, /Model Directory Contents:[\s\S]*score\.py/);
  });

  for (const [problem, script, reason] of [
    ['cannot be imported', 'import no_such_module\n', /No module named 'no_such_module'/],
    ['has no run function', 'def init(): pass\n', /does not have a run\(\) function defined/],
    ['wants no data', 'def init(): pass\ndef run(): pass\n', /run\(\) needs to accept an argument for input data/],
  ] as const) {
    it(`does not start with a script that ${problem}`, async () => {
      await assert.rejects(start(script), ModelServerFailed);
      assert.match(output, reason);
    });
  }

  it('describes itself, or serves the description that lies beside the script', async () => {
    const script = 'def init(): pass\ndef run(data): return data\n';
    const request = { method: 'GET', path: '/swagger.json', headers: {}, timeout: 5000 } as const;
    const own = await (await start(script)).ask(request);
    assert.equal((JSON.parse(own.body.toString()) as { swagger: string }).swagger, '2.0');
    writeFileSync(join(folder, 'swagger.json'), '{"swagger":"2.0","info":{"title":"mine"}}');
    const given = await (await start(script)).ask(request);
    assert.equal((JSON.parse(given.body.toString()) as { info: { title: string } }).info.title, 'mine');
  });

  it('ends when it is told to, with all the script started', async () => {
    const server = await start(
      'import subprocess\ndef init(): subprocess.Popen(["sleep", "600"])\ndef run(data): return data\n',
    );
    // The sleeper writes to the same pipe: it is closed, and `exited` resolved, only when that process is gone too.
    await server.stop();
    await server.exited;
    await assert.rejects(score(server, ''), ModelUnreachable);
  });
});

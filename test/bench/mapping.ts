/** How long the largest pipeline takes from its file to the plan of requests, in this process. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nodeFiles } from '../../tasks/common/agent/files.ts';
import { planFile } from '../../tasks/common/aml-yaml/plan-file.ts';
import { inTurn, milliseconds, type Benchmark, type Measurement } from './measurement.ts';

/** Public examples, where they are at hand; our own files always. */
const EXAMPLES = resolve(import.meta.dirname, '../../../shared/conformance/inputs');
const OWN = resolve(import.meta.dirname, '../fixtures/aml-yaml');

const ROUNDS = 25;
const BUDGET = 50;

export const measureMapping: Benchmark = async () => {
  const roots = [EXAMPLES, OWN].filter((root) => existsSync(root)).map((root) => realpathSync(root));
  const rows: Measurement[] = [];
  for (const root of roots) rows.push(await measureLargest(root));
  return rows;
};

async function measureLargest(root: string): Promise<Measurement> {
  let largest = { file: '', steps: 0 };
  for (const file of pipelines(root)) {
    const steps = await planOf(root, file).catch(() => 0);
    if (steps > largest.steps) largest = { file, steps };
  }
  const processor: number[] = [];
  const [clock = Infinity] = await inTurn(ROUNDS, async () => {
    const before = process.cpuUsage();
    await planOf(root, largest.file);
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1000);
  });
  // On a busy machine the clock also counts what others do; the processor's time does not.
  const value = Math.min(clock, ...processor);
  return {
    what: `mapping of the largest pipeline, ${largest.file}`,
    value,
    budget: BUDGET,
    bound: 'most',
    format: milliseconds,
    beside: `${largest.steps} requests and uploads; ${clock.toFixed(1)} ms by the clock`,
  };
}

function pipelines(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name) && /^jobs:\s*$/m.test(readFileSync(join(root, name), 'utf8')))
    .sort();
}

/** Plans a job and gives the number of its steps: what the service is asked for, and what is uploaded. */
async function planOf(root: string, file: string): Promise<number> {
  const plan = await planFile({
    file,
    absolutePath: join(root, file),
    kind: 'job',
    files: nodeFiles,
    workspace: { subscriptionId: 's', resourceGroup: 'rg', name: 'ws' },
    sourcesDirectory: root,
    job: { name: 'job', experimentName: 'bench' },
    likeAzureAiMl: true,
  });
  return plan.steps.length;
}

/** `npm run bench [-- --only TEXT]`: what has a budget, measured on this machine. Fails when something is beyond it. */
import { parseArgs } from 'node:util';
import { measureCancelLatency } from './cancel-latency.ts';
import { measureContentHash } from './content-hash.ts';
import { EMULATOR_START_BUDGET, measureEmulatorStart } from './emulator-start.ts';
import { measureLogBytes } from './log-bytes.ts';
import { measureManyJobs } from './many-jobs.ts';
import { measureMapping } from './mapping.ts';
import { isWithin, milliseconds, type Benchmark, type Measurement } from './measurement.ts';
import { measureSizes } from './sizes.ts';
import { measureStart } from './start-up.ts';
import { measureUpload } from './upload.ts';

/** Everything that is measured; a new benchmark is a line here. */
const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  sizes: measureSizes,
  start: measureStart,
  emulator: async () => {
    const [value, budget] = [await measureEmulatorStart(), EMULATOR_START_BUDGET];
    return [{ what: 'emulator start', value, budget, bound: 'most', format: milliseconds }];
  },
  hash: measureContentHash,
  mapping: measureMapping,
  upload: measureUpload,
  cancel: measureCancelLatency,
  jobs: measureManyJobs,
  logs: measureLogBytes,
};

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const results: Measurement[] = [];
for (const [name, measure] of Object.entries(BENCHMARKS)) {
  if (!name.includes(values.only)) continue;
  for (const measurement of await measure()) {
    results.push(measurement);
    process.stdout.write(`${row(measurement)}\n`);
  }
}
process.exitCode = results.every(isWithin) ? 0 : 1;

function row(measurement: Measurement): string {
  const { what, value, budget, bound, format, beside } = measurement;
  const mark = isWithin(measurement) ? ' ' : '!';
  const limit = `${bound === 'most' ? '≤' : '≥'} ${format(budget)}`;
  return `${mark} ${format(value).padStart(10)}  ${limit.padStart(10)}  ${what}${beside === undefined ? '' : ` (${beside})`}`;
}

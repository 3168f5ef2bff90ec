/** `npm run bench`: what has a budget, measured on this machine, each as a ratio or a size. Fails when one is over. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TASK_BUDGET } from '../../scripts/bundle/inspect-bundle.ts';
import { packageExtension, PACKAGE_BUDGET } from '../../scripts/package.ts';
import { readTasks, repositoryRoot } from '../../scripts/task-contract.ts';
import { EMULATOR_START_BUDGET, measureEmulatorStart } from './emulator-start.ts';
import { measureStartUp } from './start-up.ts';

interface Measurement {
  readonly what: string;
  readonly value: number;
  readonly budget: number;
  readonly format: (value: number) => string;
}

const times = (value: number): string => `${value.toFixed(2)} ×`;
const milliseconds = (value: number): string => `${Math.round(value)} ms`;
const megabytes = (value: number): string => `${(value / 1e6).toFixed(2)} MB`;

function bundleSizes(): readonly Measurement[] {
  return readTasks().map(({ name }) => {
    const folder = join(repositoryRoot, 'dist/tasks', name);
    const code = readdirSync(folder).filter((file) => file.endsWith('.cjs'));
    const value = code.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    return { what: `bundle of ${name}`, value, budget: TASK_BUDGET, format: megabytes };
  });
}

function packageSize(): Measurement {
  const outputFolder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const { size } = packageExtension({ version: '0.0.0', ring: 'dev', outputFolder });
    return { what: 'the whole .vsix', value: size, budget: PACKAGE_BUDGET, format: megabytes };
  } finally {
    rmSync(outputFolder, { recursive: true });
  }
}

async function startUp(): Promise<Measurement> {
  const { ratio, budget } = await measureStartUp();
  return { what: 'task start to first connection, against bare node', value: ratio, budget, format: times };
}

async function emulatorStart(): Promise<Measurement> {
  const value = await measureEmulatorStart();
  return { what: 'emulator ready', value, budget: EMULATOR_START_BUDGET, format: milliseconds };
}

const measurements = [...bundleSizes(), packageSize(), await startUp(), await emulatorStart()];
for (const { what, value, budget, format } of measurements) {
  const mark = value <= budget ? ' ' : '!';
  process.stdout.write(`${mark} ${format(value).padStart(10)}  of ${format(budget).padStart(8)}  ${what}\n`);
}
process.exitCode = measurements.every(({ value, budget }) => value <= budget) ? 0 : 1;

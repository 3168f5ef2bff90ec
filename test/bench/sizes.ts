/** How large the built tasks and the whole extension are. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TASK_BUDGET } from '../../scripts/bundle/inspect-bundle.ts';
import { packageExtension, PACKAGE_BUDGET } from '../../scripts/package.ts';
import { readTasks, repositoryRoot } from '../../scripts/task-contract.ts';
import { megabytes, type Benchmark, type Measurement } from './measurement.ts';

export const measureSizes: Benchmark = () => Promise.resolve([...bundleSizes(), packageSize()]);

function bundleSizes(): readonly Measurement[] {
  return readTasks().map(({ name }) => {
    const folder = join(repositoryRoot, 'dist/tasks', name);
    const code = readdirSync(folder).filter((file) => file.endsWith('.cjs'));
    const value = code.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    return { what: `bundle of ${name}`, value, budget: TASK_BUDGET, bound: 'most', format: megabytes };
  });
}

function packageSize(): Measurement {
  const outputFolder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const { size } = packageExtension({ version: '0.0.0', ring: 'dev', outputFolder });
    return { what: 'the whole .vsix', value: size, budget: PACKAGE_BUDGET, bound: 'most', format: megabytes };
  } finally {
    rmSync(outputFolder, { recursive: true });
  }
}

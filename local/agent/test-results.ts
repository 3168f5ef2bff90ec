/** `results.publish`: reads test result files after the task has ended (agent source: ResultsCommandExtension.cs). */
import { readFile } from 'node:fs/promises';
import type { LoggingCommand } from './logging-commands.ts';
import type { TestResults } from './records.ts';
import type { StepState } from './step-state.ts';

const TYPES = ['JUnit', 'NUnit', 'VSTest', 'XUnit', 'CTest', 'ContainerStructure'];

/** Queues the publication. Counts are read from JUnit files; of the other formats only the files are noted. */
export function publishTestResults({ properties, data }: LoggingCommand, step: StepState): void {
  const type = TYPES.find((known) => known.toLowerCase() === properties.get('type')?.toLowerCase());
  if (type === undefined) throw new Error(`The test result type '${properties.get('type') ?? ''}' is not known.`);
  const list = data === '' ? (properties.get('resultfiles') ?? '') : data;
  const files = list
    .split(',')
    .map((file) => file.trim())
    .filter((file) => file !== '');
  if (files.length === 0) throw new Error('No test result files were given.');
  const failTask = properties.get('failtaskonfailedtests')?.toLowerCase() === 'true';
  const buildId = step.job.variables.get('Build.BuildId') ?? '';
  const runTitle = properties.get('runtitle') ?? `${type}_TestResults_${buildId}`;
  step.asyncCommands.push({
    name: 'Publish test results',
    run: async () => {
      const counts = await Promise.all(files.map((file) => readCounts(file, type, step)));
      const sum = (key: keyof Counts): number => counts.reduce((total, each) => total + each[key], 0);
      const results: TestResults = {
        runTitle,
        files,
        total: sum('total'),
        failed: sum('failed'),
        skipped: sum('skipped'),
      };
      step.testResults.push(results);
      if (failTask && results.failed > 0)
        throw new Error('There are one or more test failures detected in result files.');
    },
  });
}

interface Counts {
  readonly total: number;
  readonly failed: number;
  readonly skipped: number;
}

async function readCounts(file: string, type: string, step: StepState): Promise<Counts> {
  const xml = await readFile(file, 'utf8').catch(() => undefined);
  if (xml === undefined) {
    step.warning(`Could not read the test result file '${file}'.`);
    return { total: 0, failed: 0, skipped: 0 };
  }
  if (type !== 'JUnit') return { total: 0, failed: 0, skipped: 0 };
  if (!/<testsuites?[\s>]/.test(xml)) step.warning(`'${file}' is not a JUnit result file; it is skipped.`);
  const cases = xml.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
  const named = cases.filter((text) => /^<testcase\b[^>]*\sname=/.test(text));
  return {
    total: named.length,
    failed: named.filter((text) => /<(failure|error)[\s/>]/.test(text)).length,
    skipped: named.filter((text) => /<skipped[\s/>]/.test(text)).length,
  };
}

/** How a local command tells what came of it. */
import { relative } from 'node:path';
import type { TaskResult } from './agent/task-result.ts';

/** Prints the result and where to look; returns the exit code. */
export function report(result: TaskResult, summaries: readonly string[], logs: string): number {
  print('');
  print(`Result:  ${result}`);
  for (const summary of summaries) print(`Summary: ${relative(process.cwd(), summary)}`);
  print(`Logs:    ${relative(process.cwd(), logs)}`);
  return result === 'Succeeded' || result === 'SucceededWithIssues' ? 0 : 1;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** How a local command ends: its exit code, one sentence for what the caller can mend, a stack for what is our defect. */
import { TaskDefinitionError } from './agent/task-definition.ts';
import { PipelineRefused } from './pipeline/problems.ts';
import { UsageError } from './usage-error.ts';

/** Real milliseconds after which whatever still keeps the process alive no longer counts. */
const EXIT_LIMIT = 3000;

/** Runs a command with this process's arguments and makes its number the exit code. */
export async function runCommand(command: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = 1;
  }
  setTimeout(() => process.exit(), EXIT_LIMIT).unref();
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = [UsageError, PipelineRefused, TaskDefinitionError].some((kind) => error instanceof kind);
  return known ? error.message : (error.stack ?? error.message);
}

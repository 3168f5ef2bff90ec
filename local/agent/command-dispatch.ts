/** Takes a line of a task's output: prints it, or does what the command in it says (agent source: WorkerCommandManager.cs). */
import type { CommandHandler } from './command-handler.ts';
import { parseCommand, type LoggingCommand } from './logging-commands.ts';
import { allowsCommand } from './restrictions.ts';
import { SERVICE_COMMANDS } from './service-commands.ts';
import type { StepState } from './step-state.ts';
import { TASK_COMMANDS } from './task-commands.ts';

/** Events by area, all in lower case. */
const AREAS: Readonly<Record<string, Readonly<Record<string, CommandHandler>>>> = {
  task: TASK_COMMANDS,
  ...SERVICE_COMMANDS,
};

/** A command that fails makes the step fail; an unknown area is only warned about. */
export function processLine(line: string, step: StepState): void {
  const command = parseCommand(line, step.job.variables.get('DECODE_PERCENTS')?.toLowerCase() !== 'false');
  if (command === undefined) {
    if (line.includes('##vso')) {
      step.warning(`'${line}' contains logging command keyword '##vso', but it's not a legal command.`);
    }
    step.output(line);
    return;
  }
  const name = `${command.area}.${command.event}`;
  const events = Object.hasOwn(AREAS, command.area) ? AREAS[command.area] : undefined;
  if (events === undefined) {
    step.warning(`Can't find command extension for ##vso[${command.area}.command].`);
    return;
  }
  if (!allowsCommand(step.settings.restrictions, name)) {
    step.warning(`The command ${name} is not allowed in this step due to policy restrictions.`);
    return;
  }
  runCommand(line, command, Object.hasOwn(events, command.event) ? events[command.event] : undefined, step);
}

function runCommand(line: string, command: LoggingCommand, handler: CommandHandler | undefined, step: StepState): void {
  try {
    if (handler === undefined) throw new Error(`##vso[${command.area}.${command.event}] is not a known command.`);
    handler(command, step);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    step.error(`Unable to process command '${line}' successfully. ${reason}`);
    step.mergeCommandResult('Failed');
    return;
  }
  if (command.area !== 'task' || command.event !== 'debug') step.debug(`Processed: ${line}`);
}

/** What does the work of one logging command. It throws where the agent would fail the step. */
import type { LoggingCommand } from './logging-commands.ts';
import type { StepState } from './step-state.ts';

export type CommandHandler = (command: LoggingCommand, step: StepState) => void;

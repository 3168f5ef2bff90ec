/** What operations need of the agent and the service. */
import type { Agent, Workspace } from '../ports.ts';

/** The part of the agent that operations use; a task hands its whole agent over. */
export type OperationAgent = Pick<
  Agent,
  | 'log'
  | 'clock'
  | 'signal'
  | 'memory'
  | 'run'
  | 'files'
  | 'addSummary'
  | 'maskSecret'
  | 'redact'
  | 'writeTemporaryFile'
  | 'runCommand'
>;

export interface Context {
  readonly agent: OperationAgent;
  readonly workspace: Workspace;
}

/** Sets outputs as soon as they are known, so that they are there for later steps also when this one fails. */
export type Publish<Outputs> = (outputs: Partial<Outputs>) => void;

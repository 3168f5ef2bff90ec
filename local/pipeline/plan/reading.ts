/** What the readers of stages, jobs and steps share. */
import type { Variables } from '../../agent/variables.ts';
import type { Place } from '../document/document-node.ts';
import type { NodeReader } from '../document/node-reader.ts';
import type { PlanVariable } from './plan.ts';
import type { TaskCatalog } from './task-catalog.ts';

/** Variables of a group, by name. */
export type VariableGroup = Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>;

export interface Reading {
  readonly reader: NodeReader;
  readonly catalog: TaskCatalog;
  /** Names of service connections; inputs that name another are refused. */
  readonly connections: readonly string[];
  readonly groups: ReadonlyMap<string, VariableGroup>;
  /** Repositories whose files are here, `self` among them, and the folders they get when there are several. */
  readonly repositories: ReadonlyMap<string, string>;
  /** Variables with these values, before the run; macros are expanded as far as they are known. */
  readonly known: (...levels: readonly (readonly PlanVariable[])[]) => Variables;
  /** What is right, but not run here: reported only when it is to run. */
  readonly refuse: (at: { readonly place: Place }, sentence: string) => void;
  /** What is right and has no effect here. */
  readonly note: (sentence: string) => void;
}

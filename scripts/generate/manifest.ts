/** The generated part of the extension's manifest: one contribution and one packaged folder a task. */
import type { Task } from '../task-contract.ts';

const TASK_CONTRIBUTION = 'ms.vss-distributed-task.task';

export interface ExtensionManifest {
  readonly id: string;
  readonly publisher: string;
  readonly version: string;
  readonly files?: readonly { readonly path: string }[];
  readonly contributions?: readonly { readonly id: string; readonly type: string }[];
  readonly [member: string]: unknown;
}

/** The manifest with entries for exactly these tasks; everything else in it stays as it is. */
export function withTasks(manifest: ExtensionManifest, tasks: readonly Task[]): ExtensionManifest {
  return {
    ...manifest,
    files: [
      ...(manifest.files ?? []).filter((file) => !file.path.startsWith('tasks/')),
      ...tasks.map((task) => ({ path: `tasks/${task.name}` })),
    ],
    contributions: [
      ...(manifest.contributions ?? []).filter((contribution) => contribution.type !== TASK_CONTRIBUTION),
      ...tasks.map((task) => ({
        id: task.name,
        type: TASK_CONTRIBUTION,
        description: task.json.friendlyName,
        targets: ['ms.vss-distributed-task.tasks'],
        properties: { name: `tasks/${task.name}` },
      })),
    ],
  };
}

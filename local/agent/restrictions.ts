/** What a task or a pipeline forbids a step's commands to do (agent source: TaskRestrictionsChecker.cs). */

export interface Restrictions {
  readonly commands?: { readonly mode?: string } | undefined;
  readonly settableVariables?: { readonly allowed?: readonly string[] | undefined } | undefined;
}

/** Commands that stay possible in restricted mode. */
const ALLOWED_WHEN_RESTRICTED = new Set([
  'task.logissue',
  'task.issue',
  'task.debug',
  'task.complete',
  'task.setprogress',
  'task.logdetail',
  'task.setvariable',
  'task.settaskvariable',
  'task.setsecret',
  'task.prependpath',
  'telemetry.publish',
]);

/** Whether every one of the restrictions lets the command through. `command` is `area.event` in lower case. */
export function allowsCommand(restrictions: readonly Restrictions[], command: string): boolean {
  const restricted = restrictions.some((each) => each.commands?.mode?.toLowerCase() === 'restricted');
  return !restricted || ALLOWED_WHEN_RESTRICTED.has(command);
}

/** Whether every one of the restrictions lets the variable be set. No list allows all, an empty one none. */
export function allowsVariable(restrictions: readonly Restrictions[], name: string): boolean {
  return restrictions.every((each) => {
    const allowed = each.settableVariables?.allowed;
    return allowed === undefined || allowed.some((pattern) => matches(pattern, name));
  });
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`, 'i').test(name);
}

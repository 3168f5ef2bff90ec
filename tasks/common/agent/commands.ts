/** Writes what the agent obeys: its logging commands and the plain lines between them. */
import { TaskCommand } from 'azure-pipelines-task-lib/taskcommand.js';

/** One line to the agent, without its line break. */
export type WriteLine = (line: string) => void;

/** The commands this product sends; the agent knows more. */
export type CommandName =
  | 'task.complete'
  | 'task.debug'
  | 'task.logissue'
  | 'task.setprogress'
  | 'task.setsecret'
  | 'task.settaskvariable'
  | 'task.setvariable'
  | 'task.uploadsummary';

/**
 * A logging command as one line. Properties and data are escaped, so that nothing in them ends the command;
 * properties without a value are left out.
 */
export function formatCommand(
  name: CommandName,
  properties: Readonly<Record<string, string | number | undefined>>,
  data: string,
): string {
  const texts = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  );
  return new TaskCommand(name, Object.fromEntries(texts), data).toString();
}

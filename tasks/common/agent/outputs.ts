/** Output variables of a step. */
import { formatCommand, type WriteLine } from './commands.ts';

/**
 * Sets each value as an output variable, `$(<step name>.<output>)` for later steps; undefined ones are left unset.
 */
export function setOutputs(write: WriteLine, outputs: object): void {
  for (const [variable, value] of Object.entries(outputs) as [string, string | undefined][]) {
    if (value === undefined) continue;
    write(formatCommand('task.setvariable', { variable, isoutput: 'true' }, value));
  }
}

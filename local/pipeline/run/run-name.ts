/** The number of a run: `name:` with its macros (documentation: "Configure run or build numbers"). */
import { replaceMacros } from '../../agent/variables.ts';

export interface RunNameContext {
  readonly buildId: number;
  /** How often a run of this name format has been, from 1. */
  readonly revision: number;
  /** Virtual milliseconds since 1970. */
  readonly now: number;
  readonly valueOf: (name: string) => string | undefined;
}

/** Expands `$(Date:yyyyMMdd)`, `$(Rev:.r)` and variables; what it does not know stays as it is. */
export function runName(format: string | undefined, context: RunNameContext): string {
  return replaceMacros(format ?? '$(Date:yyyyMMdd).$(Rev:r)', (macro) => {
    const [name = '', argument] = macro.split(/:(.*)/s);
    if (argument !== undefined && name.toLowerCase() === 'date') return formatDate(argument, new Date(context.now));
    if (argument !== undefined && name.toLowerCase() === 'rev') {
      return argument.replace(/r+/, (digits) => String(context.revision).padStart(digits.length, '0'));
    }
    return name.toLowerCase() === 'buildid' ? String(context.buildId) : context.valueOf(macro);
  });
}

function formatDate(format: string, date: Date): string {
  const parts: Readonly<Record<string, number>> = {
    yyyy: date.getUTCFullYear(),
    yy: date.getUTCFullYear() % 100,
    MM: date.getUTCMonth() + 1,
    dd: date.getUTCDate(),
    HH: date.getUTCHours(),
    mm: date.getUTCMinutes(),
    ss: date.getUTCSeconds(),
  };
  return format.replaceAll(/yyyy|yy|MM|dd|HH|mm|ss/g, (part) => String(parts[part]).padStart(part.length, '0'));
}

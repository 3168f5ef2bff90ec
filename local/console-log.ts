/** Shows a job's lines on a terminal: the agent's tags as colours, and nothing that could steer the terminal. */
import type { LogLine } from './agent/job-request.ts';

const RESET = '\u001B[0m';
const COLOURS: Readonly<Record<string, string>> = {
  section: '\u001B[1;32m',
  error: '\u001B[31m',
  warning: '\u001B[33m',
  debug: '\u001B[35m',
  command: '\u001B[36m',
  group: '\u001B[1m',
};
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/** The text of a line as a terminal shows it; without `colour` the agent's tags stay. */
export function showLine({ text }: LogLine, colour: boolean): string {
  const safe = text.replaceAll(CONTROL, '');
  const match = /^##\[(\w+)\](.*)$/s.exec(safe);
  const [, tag = '', rest = ''] = match ?? [];
  if (!colour || match === null) return safe;
  if (tag === 'endgroup') return '';
  const code = COLOURS[tag];
  return code === undefined ? rest : `${code}${tag === 'group' ? '▾ ' : ''}${rest}${RESET}`;
}

/** Whether this process's output takes colours. */
export function takesColour(): boolean {
  return process.stdout.isTTY && process.env.NO_COLOR === undefined;
}

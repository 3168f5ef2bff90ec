/** The task's log, on the agent's stream. */
import type { Log } from '../ports.ts';
import { formatCommand, type WriteLine } from './commands.ts';
import { neutraliseLines, neutraliseToOneLine } from './neutralise.ts';

/** A Log that writes to the agent. All text is neutralised, ours too: much of it quotes others. */
export function agentLog(write: WriteLine): Log {
  let depth = 0;
  let percentSoFar = -1;
  let lastProgress = '';
  const info = (text: string): void => {
    neutraliseLines(text).forEach(write);
  };
  return {
    info,
    warning: (text) => {
      write(formatCommand('task.logissue', { type: 'warning' }, neutraliseLines(text).join('\n')));
    },
    debug: (text) => {
      for (const line of neutraliseLines(text)) write(formatCommand('task.debug', {}, line));
    },
    group: async (title, work) => {
      // The run's page knows one level of groups only; an inner title is a line.
      depth += 1;
      const outermost = depth === 1;
      write((outermost ? '##[group]' : '') + neutraliseToOneLine(title));
      try {
        return await work();
      } finally {
        depth -= 1;
        if (outermost) write('##[endgroup]');
      }
    },
    progress: (percent, text) => {
      percentSoFar = Math.max(percentSoFar, Math.min(100, Math.max(0, Math.floor(percent) || 0)));
      const command = formatCommand('task.setprogress', { value: percentSoFar }, neutraliseToOneLine(text));
      if (command !== lastProgress) write(command);
      lastProgress = command;
    },
  };
}

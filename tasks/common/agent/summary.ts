/** The step's page in the run's summary. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCommand, type WriteLine } from './commands.ts';
import type { Masking } from './masking.ts';

export interface Summary {
  readonly add: (markdown: string) => void;
  /** Writes the sections to one file and hands it to the agent; without sections, nothing. */
  readonly publish: () => void;
}

/**
 * A summary titled with the task's name. The agent reads the file after the step has ended and does not mask it: the
 * file is written once, stays, and known secrets are taken out here.
 */
export function summary(
  taskName: string,
  folder: () => string,
  masks: Pick<Masking, 'redact'>,
  write: WriteLine,
): Summary {
  const sections: string[] = [];
  return {
    add: (markdown) => {
      sections.push(markdown.trim());
    },
    publish: () => {
      if (sections.length === 0) return;
      const path = join(folder(), `${taskName}-${randomBytes(4).toString('hex')}.md`);
      writeFileSync(path, masks.redact(`${sections.join('\n\n')}\n`), { encoding: 'utf8', mode: 0o600, flag: 'wx' });
      sections.length = 0;
      write(formatCommand('task.uploadsummary', {}, path));
    },
  };
}

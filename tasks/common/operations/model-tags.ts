/** Tags that a user gives a model. */
import type { Properties } from '../domain/lineage.ts';
import { UserError, type Problem } from '../errors.ts';
import type { OperationAgent } from './task-context.ts';

/** Reads `name=value` lines. Throws UserError for all that have another form, or hold a secret: tags can be read by many. */
export function parseTags({ redact }: Pick<OperationAgent, 'redact'>, lines: readonly string[]): Properties {
  const problems = lines.flatMap((line): readonly Problem[] => {
    if (redact(line) !== line) {
      const name = redact(line).split('=')[0]?.trim() ?? '';
      return [
        { message: `Input 'tags': the tag '${name}' holds a secret of this pipeline; tags are no place for one.` },
      ];
    }
    if (/^[^=]*\S[^=]*=/.test(line)) return [];
    return [{ message: `Input 'tags': '${line}' must have the form name=value.` }];
  });
  if (problems.length > 0) throw new UserError(problems);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
  );
}

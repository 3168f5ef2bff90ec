/** Every variable says what it is and refuses what it cannot be, in a sentence. */
import { type Body, listOf, type Module } from './read-module.ts';

/** Sentences on variables and outputs that explain themselves too little. */
export function variableProblems(module: Module): readonly string[] {
  return [
    ...[...module.variables].flatMap(([name, body]) => explain(body).map((problem) => `variable ${name}: ${problem}`)),
    ...[...module.outputs].flatMap(([name, body]) =>
      isSentence(body.description) ? [] : [`output ${name}: its description is no sentence`],
    ),
  ];
}

function explain(body: Body): readonly string[] {
  const rules = listOf(body.validation);
  // A boolean or a map of tags can be nothing else than its type says.
  const isFree = body.type === '${bool}' || body.type === '${map(string)}';
  return [
    ...(body.type === undefined ? ['has no type'] : []),
    ...(isSentence(body.description) ? [] : ['its description is no sentence']),
    ...(rules.length === 0 && !isFree ? ['has no validation'] : []),
    ...rules.filter((rule) => !isSentence(rule.error_message)).map(() => 'a validation answers with no sentence'),
  ];
}

/** A capital or a code at the beginning, a full stop at the end. */
function isSentence(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Z`][\s\S]*[.:]$/.test(value.trim());
}

/** Reads the assertions of an input, with the schemas that stand in files of their own. */
import { readAssertions as readWritten } from '../aml-yaml/assertions.ts';
import { problemAt } from '../aml-yaml/problems.ts';
import { yamlData } from '../aml-yaml/yaml-data.ts';
import type { Place } from '../aml-yaml/yaml-node.ts';
import { schemaProblems } from '../domain/json-schema.ts';
import { pathBelow } from '../domain/paths.ts';
import type { ResponseAssertion } from '../domain/response-assertions.ts';
import { UserError, type Problem } from '../errors.ts';
import type { OperationAgent } from './task-context.ts';

type ReadingAgent = Pick<OperationAgent, 'files' | 'run'>;

/**
 * The assertions of a task's input. Paths of schemas start from the sources directory.
 *
 * @param input how the user knows the text, e.g. `input 'assertions'`
 * @throws UserError with every problem and its place
 */
export async function readAssertions(
  agent: ReadingAgent,
  text: string | undefined,
  input: string,
): Promise<readonly ResponseAssertion[]> {
  const problems: Problem[] = [];
  const assertions: ResponseAssertion[] = [];
  for (const written of readWritten(text ?? '', input)) {
    if (written.kind === 'schemaFile') assertions.push(await readSchema(agent, written.path, written.place, problems));
    else assertions.push(written);
  }
  if (problems.length > 0) throw new UserError(problems);
  return assertions;
}

async function readSchema(
  { files, run }: ReadingAgent,
  path: string,
  place: Place,
  problems: Problem[],
): Promise<ResponseAssertion> {
  const content = await files.readText(pathBelow(run.sourcesDirectory, path));
  const schema = content === undefined ? undefined : yamlData(content);
  if (content === undefined) problems.push(problemAt(place, `There is no schema file ${path}.`));
  else if (schema === undefined) problems.push({ file: path, message: 'The schema is neither JSON nor YAML.' });
  else problems.push(...schemaProblems(schema).map((message) => ({ file: path, message })));
  return { kind: 'schema', schema: schema ?? true };
}

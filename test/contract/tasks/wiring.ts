/** What a task's entry files do with its contract, from their types. */
import { join } from 'node:path';
import ts from 'typescript';

export interface Wiring {
  /** Inputs the entry file reads itself, and those the functions it hands them on to ask for. */
  readonly inputs: ReadonlySet<string>;
  /** Members of what the work of a task resolves with; empty for a post-job handler. */
  readonly outputs: ReadonlySet<string>;
}

/** Looks at entry files (`index.ts`, `post.ts`) with the compiler's eyes. Paths are absolute. */
export function wiringsOf(root: string, files: readonly string[]): ReadonlyMap<string, Wiring> {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram([...files], options);
  const checker = program.getTypeChecker();
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(file);
      const nodes = source === undefined ? [] : [...descendants(source)];
      return [file, { inputs: usedInputs(nodes, checker), outputs: returnedOutputs(nodes, checker) }];
    }),
  );
}

function* descendants(node: ts.Node): Iterable<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* descendants(child);
}

function usedInputs(nodes: readonly ts.Node[], checker: ts.TypeChecker): ReadonlySet<string> {
  const declared = nodes.find(
    (node): node is ts.VariableDeclaration =>
      ts.isVariableDeclaration(node) && node.initializer?.getText().startsWith('readInputs(') === true,
  );
  if (declared === undefined) return new Set();
  if (ts.isObjectBindingPattern(declared.name)) {
    return new Set(declared.name.elements.map((element) => (element.propertyName ?? element.name).getText()));
  }
  const symbol = checker.getSymbolAtLocation(declared.name);
  const uses = nodes.filter((node) => ts.isIdentifier(node) && node !== declared.name);
  return new Set(
    uses.filter((node) => checker.getSymbolAtLocation(node) === symbol).flatMap((node) => namesAskedFor(node, checker)),
  );
}

/** A member access asks for that member; a call asks for what its parameter declares and the inputs have. */
function namesAskedFor(use: ts.Node, checker: ts.TypeChecker): readonly string[] {
  const { parent } = use;
  if (ts.isPropertyAccessExpression(parent)) return [parent.name.text];
  if (!ts.isCallExpression(parent))
    throw new Error(`Inputs are used in a way this test does not know: ${parent.getText()}`);
  const index = parent.arguments.findIndex((argument) => argument === use);
  const parameter = checker.getResolvedSignature(parent)?.parameters[index];
  if (parameter === undefined) return [];
  const inputs = checker.getTypeAtLocation(use);
  const asked = checker.getTypeOfSymbol(parameter).getProperties();
  return asked.map((member) => member.name).filter((name) => inputs.getProperty(name) !== undefined);
}

function returnedOutputs(nodes: readonly ts.Node[], checker: ts.TypeChecker): ReadonlySet<string> {
  const run = nodes.find(
    (node): node is ts.CallExpression => ts.isCallExpression(node) && node.expression.getText() === 'runTask',
  );
  const work = run?.arguments[1];
  const signature = work === undefined ? undefined : checker.getTypeAtLocation(work).getCallSignatures()[0];
  const result = signature === undefined ? undefined : checker.getAwaitedType(signature.getReturnType());
  // A task of several modes returns what each of them has.
  const results = result?.isUnion() === true ? result.types : result === undefined ? [] : [result];
  return new Set(results.flatMap((one) => one.getProperties().map((member) => member.name)));
}

/** What a task's entry files do with its contract, from their syntax. */
import ts from 'typescript';

export interface Wiring {
  /** Members read from the value of `readInputs`; undefined when the whole value is handed on. */
  readonly inputs: ReadonlySet<string> | undefined;
  /** Members of the object literals the work returns; undefined when it returns something else. */
  readonly outputs: ReadonlySet<string> | undefined;
}

/** Reads one entry file (`index.ts`, `post.ts`). */
export function wiringOf(source: string): Wiring {
  const tree = ts.createSourceFile('index.ts', source, ts.ScriptTarget.Latest, true);
  const nodes = [...descendants(tree)];
  return { inputs: usedInputs(nodes), outputs: returnedOutputs(nodes) };
}

function* descendants(node: ts.Node): Iterable<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* descendants(child);
}

function isReadInputs(node: ts.Node | undefined): boolean {
  return node !== undefined && ts.isCallExpression(node) && node.expression.getText() === 'readInputs';
}

function usedInputs(nodes: readonly ts.Node[]): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  for (const node of nodes) {
    if (ts.isPropertyAccessExpression(node) && isReadInputs(node.expression)) used.add(node.name.text);
    if (!ts.isVariableDeclaration(node) || !isReadInputs(node.initializer)) continue;
    if (ts.isObjectBindingPattern(node.name)) {
      if (node.name.elements.some((element) => element.dotDotDotToken !== undefined)) return undefined;
      for (const element of node.name.elements) used.add((element.propertyName ?? element.name).getText());
      continue;
    }
    const members = membersOf(nodes, node.name.getText(), node);
    if (members === undefined) return undefined;
    members.forEach((member) => used.add(member));
  }
  return used;
}

/** The members read of a variable; undefined when the variable itself is used. */
function membersOf(nodes: readonly ts.Node[], name: string, declaration: ts.Node): readonly string[] | undefined {
  const members: string[] = [];
  for (const node of nodes) {
    if (!ts.isIdentifier(node) || node.text !== name || node.parent === declaration) continue;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.expression === node) members.push(parent.name.text);
    else if (!ts.isPropertyAccessExpression(parent) && !ts.isPropertyAssignment(parent)) return undefined;
  }
  return members;
}

function returnedOutputs(nodes: readonly ts.Node[]): ReadonlySet<string> | undefined {
  const run = nodes.find((node) => ts.isCallExpression(node) && node.expression.getText() === 'runTask');
  const work = run !== undefined && ts.isCallExpression(run) ? run.arguments[1] : undefined;
  if (work === undefined || !ts.isArrowFunction(work)) return undefined;
  const returned = ts.isBlock(work.body) ? returnsOf(work.body) : [work.body];
  const names = new Set<string>();
  for (const expression of returned) {
    const literal = ts.isParenthesizedExpression(expression) ? expression.expression : expression;
    if (!ts.isObjectLiteralExpression(literal)) return undefined;
    for (const property of literal.properties) {
      if (property.name === undefined) return undefined;
      names.add(property.name.getText());
    }
  }
  return names;
}

/** The values a function's own `return` statements give, without those of functions inside it. */
function returnsOf(body: ts.Node): readonly ts.Expression[] {
  return body.getChildren().flatMap((child) => {
    if (ts.isFunctionLike(child)) return [];
    if (ts.isReturnStatement(child)) return child.expression === undefined ? [] : [child.expression];
    return returnsOf(child);
  });
}

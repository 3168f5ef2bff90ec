/** Reads what a generated TypeScript declaration says of a type's arguments: their names, and which are required. */

export interface Argument {
  readonly optional: boolean;
  readonly repeatable: boolean;
}

/** Arguments by their Terraform name, by the name of the interface that declares them. */
export type Declarations = ReadonlyMap<string, ReadonlyMap<string, Argument>>;

const INTERFACE = /export interface (\w+)(?: extends [\w.]+)? \{\n([\s\S]*?)\n\}/g;
const PROPERTY = /\/\*\*([\s\S]*?)\*\/\s*readonly \w+(\?)?: ([\s\S]*?);\n(?=\s*(?:\/\*\*|$|\}))/g;
/** The link to the registry's documentation ends in the argument's name. */
const DOCUMENTED_NAME = /#(\w+) \w+#/;

/** Reads one declaration file. Properties without a link to the registry are the generator's own and are left out. */
export function readDeclarations(source: string): Declarations {
  const declarations = new Map<string, ReadonlyMap<string, Argument>>();
  for (const [, name = '', body = ''] of source.matchAll(INTERFACE)) {
    const properties = new Map<string, Argument>();
    for (const [, comment = '', question, type = ''] of `${body}\n`.matchAll(PROPERTY)) {
      const argument = DOCUMENTED_NAME.exec(comment)?.[1];
      if (argument === undefined) continue;
      properties.set(argument, { optional: question === '?', repeatable: type.includes('[]') });
    }
    declarations.set(name, properties);
  }
  return declarations;
}

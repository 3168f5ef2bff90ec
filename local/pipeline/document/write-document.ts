/** Writes a final document as YAML that means the same when it is read again. */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { DocumentNode, ScalarNode } from './document-node.ts';

export function writeYaml(node: DocumentNode): string {
  const document = new Document(undefined, { schema: 'failsafe' });
  document.contents = convert(node);
  return document.toString({ lineWidth: 0 });
}

function convert(node: DocumentNode): Scalar | YAMLMap | YAMLSeq {
  switch (node.kind) {
    case 'scalar':
      return scalarOf(node);
    case 'sequence': {
      const list = new YAMLSeq();
      list.flow = node.items.length === 0;
      for (const item of node.items) list.add(convert(item));
      return list;
    }
    case 'mapping': {
      const map = new YAMLMap();
      map.flow = node.entries.length === 0;
      for (const { key, value } of node.entries) map.add(new Pair(scalarOf(key), convert(value)));
      return map;
    }
  }
}

/** Text that looks like an expression came out of one: `${{ '…' }}` is how it is written as text. */
function scalarOf({ text }: ScalarNode): Scalar {
  return new Scalar(text.includes('${{') ? `\${{ '${text.replaceAll("'", "''")}' }}` : text);
}

/** The reference of the pipeline templates: what each does and takes, from the comments in its file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml';
import { table } from './tables.ts';

export const TEMPLATE_KINDS = ['stages', 'jobs', 'steps', 'extends'] as const;
export type TemplateKind = (typeof TEMPLATE_KINDS)[number];

export interface TemplateParameter {
  readonly name: string;
  readonly type: string;
  /** As it stands in the file; undefined where a value must be given. */
  readonly default: string | undefined;
  readonly values: readonly string[];
  readonly meaning: string;
}

export interface Template {
  readonly kind: TemplateKind;
  /** For example `stages/train-many.yml`. */
  readonly path: string;
  readonly description: string;
  readonly parameters: readonly TemplateParameter[];
}

/** All templates below `templates/`. Throws on one without a description, or with a parameter without a comment or type. */
export function readTemplates(root: string): readonly Template[] {
  return TEMPLATE_KINDS.flatMap((kind) => {
    const folder = join(root, 'templates', kind);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yml')) : [];
    return files.sort().map((file) => readTemplate(kind, `${kind}/${file}`, readFileSync(join(folder, file), 'utf8')));
  });
}

/** One template from its text. Throws as readTemplates does. */
export function readTemplate(kind: TemplateKind, path: string, text: string): Template {
  // Several `${{ if }}` of one mapping may be the same key.
  const document = parseDocument(text, { uniqueKeys: false });
  const description = commentText(document.commentBefore ?? contentComment(document));
  if (description === '') throw new Error(`templates/${path} does not say in its first comment what it does.`);
  const parameters = isMap(document.contents) ? document.contents.get('parameters', true) : undefined;
  const items = isSeq(parameters) ? parameters.items.filter((item) => isMap(item)) : [];
  // The comment of the first item belongs to the whole list for the YAML parser.
  const first = isSeq(parameters) ? parameters.commentBefore : undefined;
  return {
    kind,
    path,
    description,
    parameters: items.map((item, index) => readParameter(path, item, index === 0 ? first : undefined)),
  };
}

function contentComment(document: Document): string | null | undefined {
  if (!isMap(document.contents)) return undefined;
  const firstKey = document.contents.items[0]?.key;
  return document.contents.commentBefore ?? (isScalar(firstKey) ? firstKey.commentBefore : undefined);
}

function readParameter(path: string, item: YAMLMap, listComment: string | null | undefined): TemplateParameter {
  const text = (key: string): string | undefined => {
    const node = item.get(key, true);
    return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
  };
  const name = text('name') ?? '';
  const meaning = commentText(item.commentBefore ?? listComment);
  const type = text('type');
  if (meaning === '' || type === undefined)
    throw new Error(`templates/${path}: the parameter '${name}' needs a type, and a comment that says what it means.`);
  const values = item.get('values', true);
  return {
    name,
    type,
    default: item.has('default') ? (text('default') ?? JSON.stringify(item.get('default'))) : undefined,
    values: isSeq(values) ? values.items.map(String) : [],
    meaning,
  };
}

function commentText(comment: string | null | undefined): string {
  return (comment ?? '')
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();
}

/** What `templates/README.md` lists: the templates of each kind with the first sentence of what they do. */
export function templateLists(templates: readonly Template[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    TEMPLATE_KINDS.map((kind) => {
      const rows = templates
        .filter((template) => template.kind === kind)
        .map(({ path, description }) => [
          `[${path}](../docs/templates.md#${anchor(path)})`,
          /^.*?\.(?= |$)/.exec(description)?.[0] ?? description,
        ]);
      return [kind, table(['Template', 'Does'], rows)];
    }),
  );
}

/** What `docs/templates.md` holds: every template with its parameters. */
export function templateReference(templates: readonly Template[]): Readonly<Record<string, string>> {
  const sections = templates.map(({ path, description, parameters }) => {
    const rows = parameters.map((parameter) => [
      `\`${parameter.name}\``,
      parameter.values.length === 0 ? parameter.type : parameter.values.map((value) => `\`${value}\``).join(', '),
      parameter.default === undefined ? '**required**' : parameter.default === '' ? '' : `\`${parameter.default}\``,
      parameter.meaning,
    ]);
    return `### ${path}\n\n${description}\n\n${table(['Parameter', 'Type', 'Default', 'Meaning'], rows)}`;
  });
  return { reference: sections.join('\n\n') };
}

/** As Markdown renderers make the anchor of a heading. */
function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^a-z0-9 -]/g, '');
}

/**
 * JSON Schema (draft 2020-12) as far as answers of endpoints need it: the keywords below and those that only describe. A schema
 * with any other keyword is refused rather than half checked. `format` describes, as the draft has it by default.
 */
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { canonicalJson } from './resource-difference.ts';

type Check = (rule: Json, value: Json, where: Where, schema: JsonObject) => readonly string[];

/** Where a check stands: the path of the value, the whole schema for `$ref`, and how deep references have led. */
interface Where {
  readonly path: string;
  readonly root: Json;
  readonly depth: number;
}

const DESCRIBING = new Set(
  '$schema $id $comment $defs definitions title description default examples format deprecated readOnly writeOnly'.split(
    ' ',
  ),
);
/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const WITH_SCHEMA = new Set(['items', 'additionalProperties', 'not', 'propertyNames', 'contains']);
const WITH_LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const WITH_MAP = new Set(['properties', 'patternProperties', '$defs', 'definitions']);
const DEEPEST = 100;

/** What keeps a value from being a schema that can be checked, a sentence each. */
export function schemaProblems(schema: Json, path = '#', root: Json = schema): readonly string[] {
  if (typeof schema === 'boolean') return [];
  if (!isJsonObject(schema)) return [`${path} must be a schema: a mapping, true or false.`];
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    const place = `${path}/${keyword}`;
    if (rule === undefined) return [];
    if (!DESCRIBING.has(keyword) && CHECKS[keyword] === undefined) {
      return [`${place}: the keyword '${keyword}' is not supported.`];
    }
    if (WITH_SCHEMA.has(keyword)) return schemaProblems(rule, place, root);
    if (WITH_LIST.has(keyword)) {
      if (!Array.isArray(rule)) return [`${place} must be a list of schemas.`];
      return (rule as readonly Json[]).flatMap((member, index) => schemaProblems(member, `${place}/${index}`, root));
    }
    if (WITH_MAP.has(keyword)) {
      if (!isJsonObject(rule)) return [`${place} must hold schemas by name.`];
      const names = keyword === 'patternProperties' ? Object.keys(rule) : [];
      const members = Object.entries(rule).flatMap(([name, member]) =>
        schemaProblems(member ?? null, `${place}/${name}`, root),
      );
      return [...names.flatMap((name) => patternProblems(name, place)), ...members];
    }
    return ruleProblems(keyword, rule, place, root);
  });
}

function ruleProblems(keyword: string, rule: Json, place: string, root: Json): readonly string[] {
  if (keyword === '$ref') {
    return typeof rule === 'string' && target(root, rule) !== undefined
      ? []
      : [`${place}: '${textOf(rule)}' names nothing in this schema; only references like #/$defs/name are followed.`];
  }
  if (keyword === 'pattern') return patternProblems(rule, place);
  if (keyword === 'type') {
    const types: readonly Json[] = Array.isArray(rule) ? (rule as readonly Json[]) : [rule];
    return types.every((type) => typeof type === 'string' && TYPES.includes(type))
      ? []
      : [`${place} must be among ${TYPES.join(', ')}.`];
  }
  if (keyword === 'enum' || keyword === 'required') return Array.isArray(rule) ? [] : [`${place} must be a list.`];
  if (NUMERIC.has(keyword) && typeof rule !== 'number') return [`${place} must be a number.`];
  return [];
}

function patternProblems(pattern: Json, place: string): readonly string[] {
  try {
    new RegExp(textOf(pattern), 'u');
    return [];
  } catch {
    return [`${place}: '${textOf(pattern)}' is no regular expression.`];
  }
}

/** How a value fails a schema, a sentence each with the path of the value; nothing where it fits. */
export function schemaFailures(schema: Json, value: Json, path = '$'): readonly string[] {
  return check(schema, value, { path, root: schema, depth: 0 });
}

function check(schema: Json, value: Json, where: Where): readonly string[] {
  if (schema === true) return [];
  if (!isJsonObject(schema)) return [`${where.path} must not be there.`];
  if (where.depth > DEEPEST) return [`${where.path}: the schema refers to itself without end.`];
  return Object.entries(schema).flatMap(([keyword, rule]) =>
    rule === undefined ? [] : (CHECKS[keyword]?.(rule, value, where, schema) ?? []),
  );
}

const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

function isType(type: Json, value: Json): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  return type === 'object' ? isJsonObject(value) : typeof value === type;
}

/** A rule about values of one kind; values of other kinds pass, as the draft has it. */
function about<T>(
  kind: (value: Json) => T | undefined,
  holds: (found: T, rule: number) => boolean,
  says: string,
): Check {
  return (rule, value, { path }) => {
    const found = kind(value);
    if (found === undefined || holds(found, Number(rule))) return [];
    return [`${path} ${says} ${Number(rule)}: it is ${shown(value)}.`];
  };
}

const number = (value: Json): number | undefined => (typeof value === 'number' ? value : undefined);
const characters = (value: Json): number | undefined =>
  typeof value === 'string' ? (value.match(/./gsu)?.length ?? 0) : undefined;
const items = (value: Json): number | undefined => (Array.isArray(value) ? value.length : undefined);
const members = (value: Json): number | undefined => (isJsonObject(value) ? Object.keys(value).length : undefined);
const atLeast = (found: number, rule: number): boolean => found >= rule;
const atMost = (found: number, rule: number): boolean => found <= rule;

const NUMBER_CHECKS: Readonly<Record<string, Check>> = {
  minimum: about(number, atLeast, 'must be at least'),
  maximum: about(number, atMost, 'must be at most'),
  exclusiveMinimum: about(number, (found, rule) => found > rule, 'must be above'),
  exclusiveMaximum: about(number, (found, rule) => found < rule, 'must be below'),
  multipleOf: about(number, isMultiple, 'must be a multiple of'),
  minLength: about(characters, atLeast, 'must have a length of at least'),
  maxLength: about(characters, atMost, 'must have a length of at most'),
  minItems: about(items, atLeast, 'must have a number of items of at least'),
  maxItems: about(items, atMost, 'must have a number of items of at most'),
  minProperties: about(members, atLeast, 'must have a number of members of at least'),
  maxProperties: about(members, atMost, 'must have a number of members of at most'),
};
const NUMERIC = new Set(Object.keys(NUMBER_CHECKS));

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

const CHECKS: Readonly<Record<string, Check | undefined>> = {
  ...NUMBER_CHECKS,
  type: (rule, value, { path }) => {
    const types: readonly Json[] = Array.isArray(rule) ? (rule as readonly Json[]) : [rule];
    return types.some((type) => isType(type, value))
      ? []
      : [`${path} must be ${types.map(textOf).join(' or ')}: it is ${shown(value)}.`];
  },
  enum: (rule, value, { path }) =>
    (rule as readonly Json[]).some((member) => same(member, value))
      ? []
      : [`${path} must be one of ${shown(rule)}: it is ${shown(value)}.`],
  const: (rule, value, { path }) =>
    same(rule, value) ? [] : [`${path} must be ${shown(rule)}: it is ${shown(value)}.`],
  pattern: (rule, value, { path }) =>
    typeof value !== 'string' || new RegExp(textOf(rule), 'u').test(value)
      ? []
      : [`${path} must match ${textOf(rule)}: it is ${shown(value)}.`],
  required: (rule, value, { path }) =>
    isJsonObject(value)
      ? (rule as readonly string[]).flatMap((name) =>
          Object.hasOwn(value, name) ? [] : [`${memberPath(path, name)} is missing.`],
        )
      : [],
  properties: (rule, value, where) =>
    isJsonObject(value) && isJsonObject(rule)
      ? Object.entries(rule).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? check(schema ?? true, value[name] ?? null, inside(where, name)) : [],
        )
      : [],
  patternProperties: (rule, value, where) =>
    isJsonObject(value) && isJsonObject(rule)
      ? Object.entries(rule).flatMap(([pattern, schema]) =>
          Object.entries(value)
            .filter(([name]) => new RegExp(pattern, 'u').test(name))
            .flatMap(([name, member]) => check(schema ?? true, member ?? null, inside(where, name))),
        )
      : [],
  additionalProperties: (rule, value, where, schema) =>
    isJsonObject(value)
      ? Object.entries(value)
          .filter(([name]) => !isNamed(name, schema))
          .flatMap(([name, member]) => check(rule, member ?? null, inside(where, name)))
      : [],
  propertyNames: (rule, value, where) =>
    isJsonObject(value) ? Object.keys(value).flatMap((name) => check(rule, name, inside(where, name))) : [],
  items: (rule, value, where, schema) => {
    const skipped = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0;
    return listOf(value).flatMap((item, index) => (index < skipped ? [] : check(rule, item, inside(where, index))));
  },
  prefixItems: (rule, value, where) =>
    listOf(value).flatMap((item, index) => check((rule as readonly Json[])[index] ?? true, item, inside(where, index))),
  contains: (rule, value, where) =>
    !Array.isArray(value) || listOf(value).some((item) => check(rule, item, where).length === 0)
      ? []
      : [`${where.path} has no item of the kind it must contain.`],
  uniqueItems: (rule, value, { path }) =>
    rule === true && new Set(listOf(value).map(canonicalJson)).size < listOf(value).length
      ? [`${path} has the same item more than once.`]
      : [],
  allOf: (rule, value, where) => listOf(rule).flatMap((schema) => check(schema, value, where)),
  anyOf: (rule, value, where) =>
    matches(rule, value, where) > 0 ? [] : [`${where.path} fits none of the schemas of anyOf.`],
  oneOf: (rule, value, where) => {
    const count = matches(rule, value, where);
    return count === 1 ? [] : [`${where.path} fits ${count} of the schemas of oneOf, not exactly one.`];
  },
  not: (rule, value, where) =>
    check(rule, value, where).length > 0 ? [] : [`${where.path} fits the schema that it must not fit.`],
  $ref: (rule, value, where) =>
    check(target(where.root, textOf(rule)) ?? false, value, { ...where, depth: where.depth + 1 }),
};

function matches(schemas: Json, value: Json, where: Where): number {
  return listOf(schemas).filter((schema) => check(schema, value, where).length === 0).length;
}

function isNamed(name: string, { properties, patternProperties }: JsonObject): boolean {
  if (isJsonObject(properties) && Object.hasOwn(properties, name)) return true;
  const patterns = isJsonObject(patternProperties) ? Object.keys(patternProperties) : [];
  return patterns.some((pattern) => new RegExp(pattern, 'u').test(name));
}

/** The schema a reference names: `#`, or a JSON pointer behind it. */
function target(root: Json, reference: string): Json | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let current: Json | undefined = root;
  for (const step of reference.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(current)) current = (current as readonly Json[])[Number(key)];
    else current = isJsonObject(current) ? current[key] : undefined;
  }
  return current;
}

function inside(where: Where, step: string | number): Where {
  const path = typeof step === 'number' ? `${where.path}[${step}]` : memberPath(where.path, step);
  return { ...where, path };
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? `${path}.${name}` : `${path}['${name.replace(/['\\]/g, '\\$&')}']`;
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function same(left: Json, right: Json): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

function textOf(rule: Json): string {
  return typeof rule === 'string' ? rule : JSON.stringify(rule);
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

/** Whether a resource already is what a body asks for, seen through what the service changes in a body. */
import { isJsonObject, type Json, type JsonObject } from './json.ts';

export interface FieldDifference {
  /** Path of the field, e.g. `properties.instanceType`. */
  readonly path: string;
  readonly from: Json | undefined;
  readonly to: Json;
}

/** Texts of people: their letter case means something. Everywhere else the service recases what it stores. */
const FREE_TEXT = /(^|\.)(description|displayName|condaFile|command|tags\..+|environmentVariables\..+)$/;
/** What a body says about itself, and the service keeps or fills in as it likes. */
const IGNORED = /^(location|properties\.(isAnonymous|isArchived|componentSpec\.(_source|\$schema|version|name)))$/;
/** Lineage, and what the service adds to it; but of a compute, all that it is, as far as the service shows it. */
const OWN_PROPERTIES = 'properties.properties.';

/**
 * The fields of a wanted body that the live resource lacks or has otherwise. Members only the service knows do not count,
 * except tags, where a missing one was removed. Of a secret, only that it differs is told.
 *
 * @param parseText reads a text field that the service reformats (a conda file) as data
 */
export function differences(
  wanted: JsonObject,
  live: JsonObject,
  parseText: (text: string) => Json | undefined,
): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  compare('', wanted, live, parseText, found);
  removedTags(wanted, live, found);
  const isCompute = isJsonObject(wanted.properties) && wanted.properties.computeType !== undefined;
  const isIgnored = ({ path, from }: FieldDifference): boolean =>
    IGNORED.test(path) || (path.startsWith(OWN_PROPERTIES) && (!isCompute || from === undefined));
  const isKnownOtherwise = (path: string): boolean =>
    sameComponent(wanted, live) ? isInComponentSpec(path) : isComponent(wanted) && path === DESCRIPTION;
  return found.filter((field) => !isIgnored(field) && !isKnownOtherwise(field.path)).map(withoutSecret);
}

/** What signs in somewhere: differences are shown in logs, summaries and outputs. */
const SECRET =
  /(^|\.)(credentials|secrets|administratorAccount|userAccountCredentials)\.|(password|secret|token|key)$/i;
const SHOWN_OF_CREDENTIALS = /\.(credentialsType|secretsType|clientId|tenantId|resourceId|authorityUrl|username)$/;

function withoutSecret(difference: FieldDifference): FieldDifference {
  const { path, from, to } = difference;
  if (!SECRET.test(path) || SHOWN_OF_CREDENTIALS.test(path)) return difference;
  const hidden = (value: Json | undefined): Json | undefined =>
    value === undefined || value === null ? value : '(secret)';
  return { path, from: hidden(from), to: hidden(to) ?? null };
}

const DESCRIPTION = 'properties.description';

/** The service keeps a component's description in its spec alone, and answers null beside it. */
function isInComponentSpec(path: string): boolean {
  return path.startsWith('properties.componentSpec') || path === DESCRIPTION;
}

function isComponent({ properties }: JsonObject): boolean {
  return isJsonObject(properties) && isJsonObject(properties.componentSpec);
}

function compare(
  path: string,
  wanted: Json | undefined,
  live: Json | undefined,
  parseText: (text: string) => Json | undefined,
  found: FieldDifference[],
): void {
  if (wanted === undefined || sameValue(path, wanted, live, parseText)) return;
  if (isJsonObject(wanted) && !isEmpty(wanted)) {
    for (const [key, value] of Object.entries(wanted)) {
      const member = isJsonObject(live) ? live[key] : undefined;
      compare(path === '' ? key : `${path}.${key}`, value, member, parseText, found);
    }
    return;
  }
  found.push({ path, from: live, to: wanted });
}

function sameValue(
  path: string,
  wanted: Json,
  live: Json | undefined,
  parseText: (text: string) => Json | undefined,
): boolean {
  // An empty mapping or list asks for nothing; an empty text asks for there being none.
  if (isEmpty(wanted))
    return typeof wanted === 'object' && wanted !== null ? true : live === undefined || isEmpty(live);
  if (Array.isArray(wanted)) {
    const items = wanted as readonly Json[];
    const others: readonly Json[] = Array.isArray(live) ? (live as readonly Json[]) : [];
    return (
      items.length === others.length &&
      items.every((item, index) => isSame(`${path}[]`, item, others[index], parseText))
    );
  }
  if (wanted === null || typeof wanted === 'object') return false;
  if (live === undefined || live === null || typeof live === 'object') return false;
  if (path.endsWith('.condaFile')) return sameText(String(wanted), String(live), parseText);
  const [left, right] = [normalText(String(wanted)), normalText(String(live))];
  return left === right || (!FREE_TEXT.test(path) && left.toLowerCase() === right.toLowerCase());
}

function isSame(
  path: string,
  wanted: Json,
  live: Json | undefined,
  parseText: (text: string) => Json | undefined,
): boolean {
  const found: FieldDifference[] = [];
  compare(path, wanted, live, parseText, found);
  return found.length === 0;
}

function sameText(left: string, right: string, parseText: (text: string) => Json | undefined): boolean {
  const [a, b] = [parseText(left), parseText(right)];
  return a !== undefined && b !== undefined ? canonicalJson(a) === canonicalJson(b) : left.trim() === right.trim();
}

/** Ids of data: a datastore's short and long form are the same, and so is a folder with and without its last slash. */
function normalText(text: string): string {
  return text
    .replace(/^azureml:\/\/subscriptions\/.+?\/datastores\//i, 'azureml://datastores/')
    .replace(/^azureml:(?=\/subscriptions\/)/i, '')
    .replace(/(?<=.)\/+$/, '');
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

function removedTags(wanted: JsonObject, live: JsonObject, found: FieldDifference[]): void {
  for (const [owner, path] of [
    [wanted, 'tags'],
    [wanted.properties, 'properties.tags'],
  ] as const) {
    const tags = isJsonObject(owner) ? owner.tags : undefined;
    const parent: Json | undefined = path === 'tags' ? live : live.properties;
    const liveTags = isJsonObject(parent) ? parent.tags : undefined;
    if (!isJsonObject(tags) || !isJsonObject(liveTags)) continue;
    for (const [name, value] of Object.entries(liveTags)) {
      if (!(name in tags)) found.push({ path: `${path}.${name}`, from: value, to: null });
    }
  }
}

/** The hash over a component's whole spec says it better than the spec, which the service rewrites. */
function sameComponent(wanted: JsonObject, live: JsonObject): boolean {
  const hash = componentHash(wanted);
  return hash !== undefined && hash === componentHash(live);
}

function componentHash(resource: JsonObject): string | undefined {
  const properties = isJsonObject(resource.properties) ? resource.properties.properties : undefined;
  const hash = isJsonObject(properties) ? properties.client_component_hash : undefined;
  return typeof hash === 'string' ? hash : undefined;
}

/** JSON with the members of every object in order: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}

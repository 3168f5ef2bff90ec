/**
 * Rules by which the emulator misbehaves on purpose. A rule either does something to matching requests or is a named
 * switch that other parts read (a provisioning that never ends, one that fails). Nothing in the code asks whether it
 * is being tested.
 */
import { isJsonObject, textAt, type JsonObject } from './json.ts';

export interface RequestMatch {
  readonly plane?: string;
  readonly method?: string;
  /** Regular expressions, without case; each must be found in its part of the request. */
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
}

export type FaultAction =
  | {
      readonly kind: 'respond';
      readonly status: number;
      /** The service's own error of that code and message … */
      readonly code?: string;
      readonly message?: string;
      /** … or any body, as it is. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Waits virtual milliseconds, then goes on. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Cuts the connection before the request is handled, or after it without an answer. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Sends that many bytes of the body, then cuts the connection. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  | { readonly kind: 'throttle'; readonly retryAfterSeconds: number }
  /** Refuses every token issued until now. */
  | { readonly kind: 'expireTokens' }
  /** The Resource Manager's 403 for a principal without the role. */
  | { readonly kind: 'forbid' };

export interface FaultRule {
  readonly match?: RequestMatch;
  readonly action?: FaultAction;
  /** Instead of match and action: the name of a switch, what it is for (regular expression) and how it is set. */
  readonly switch?: string;
  readonly target?: string;
  readonly parameters?: JsonObject;
  /** Lets that many matching requests pass first. */
  readonly after?: number;
  /** Ends after that many hits; without it, it stays. */
  readonly count?: number;
}

export interface FaultSwitch {
  readonly name: string;
  readonly parameters: JsonObject;
}

/** What other parts see of the fault rules. */
export interface FaultSwitches {
  /** The switch of that name set for this target (an ARM id, a job name …), counted as used once more. */
  take(name: string, target: string): FaultSwitch | undefined;
  /** The same without counting. */
  isSet(name: string, target: string): boolean;
}

/** A request as rules see it. */
export interface FaultSubject {
  readonly plane: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

export interface Faults extends FaultSwitches {
  /** Adds rules behind those that are there. Throws a TypeError that says what is wrong with one. */
  add(rules: readonly unknown[]): void;
  clear(): void;
  rules(): readonly (FaultRule & { readonly hits: number })[];
  /** What to do to this request, in the order of the rules; each is counted as hit. */
  actionsFor(subject: FaultSubject): readonly FaultAction[];
}

interface ActiveRule {
  readonly rule: FaultRule;
  seen: number;
  hits: number;
}

/** An emulator's set of fault rules; empty at first. */
export function createFaults(): Faults {
  let active: ActiveRule[] = [];

  /** Counts a matching occasion; true when the rule acts on it. */
  const hit = (entry: ActiveRule): boolean => {
    entry.seen += 1;
    if (entry.seen <= (entry.rule.after ?? 0)) return false;
    if (entry.rule.count !== undefined && entry.hits >= entry.rule.count) return false;
    entry.hits += 1;
    return true;
  };
  const spent = ({ rule, hits }: ActiveRule): boolean => rule.count !== undefined && hits >= rule.count;
  const switches = (name: string, target: string): ActiveRule[] =>
    active.filter((entry) => entry.rule.switch === name && found(entry.rule.target, target) && !spent(entry));

  return {
    add: (rules) => {
      active = [...active, ...rules.map((rule) => ({ rule: readRule(rule), seen: 0, hits: 0 }))];
    },
    clear: () => {
      active = [];
    },
    rules: () => active.map(({ rule, hits }) => ({ ...rule, hits })),
    actionsFor: (subject) =>
      active.flatMap((entry) =>
        entry.rule.action !== undefined && matches(entry.rule.match ?? {}, subject) && hit(entry)
          ? [entry.rule.action]
          : [],
      ),
    take: (name, target) => {
      const entry = switches(name, target).find(hit);
      return entry === undefined ? undefined : { name, parameters: entry.rule.parameters ?? {} };
    },
    isSet: (name, target) => switches(name, target).some((entry) => entry.seen >= (entry.rule.after ?? 0)),
  };
}

function matches(match: RequestMatch, subject: FaultSubject): boolean {
  return (
    (match.plane === undefined || match.plane === subject.plane) &&
    (match.method === undefined || match.method.toUpperCase() === subject.method) &&
    found(match.host, subject.host) &&
    found(match.path, subject.path) &&
    found(match.query, subject.query)
  );
}

function found(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || new RegExp(pattern, 'i').test(text);
}

const ACTION_KINDS = ['respond', 'delay', 'drop', 'truncate', 'throttle', 'expireTokens', 'forbid'];

/** Checks what came over the control port; the shape is then as declared above. */
function readRule(value: unknown): FaultRule {
  if (!isJsonObject(value)) throw new TypeError('A fault rule is an object.');
  const patterns = [textAt(value, 'target'), ...['host', 'path', 'query'].map((key) => textAt(value, 'match', key))];
  for (const pattern of patterns) if (pattern !== undefined) new RegExp(pattern, 'i');
  if (typeof value.switch !== 'string') {
    const kind = textAt(value, 'action', 'kind');
    if (kind === undefined || !ACTION_KINDS.includes(kind)) {
      throw new TypeError(
        `A fault rule needs a switch, or an action with one of the kinds ${ACTION_KINDS.join(', ')}.`,
      );
    }
  }
  return value;
}

/** What is promoted, and what is recorded about it. */
import { APPROVAL, CONTENT_HASH, ORIGIN, PROMOTED, PROMOTED_FROM, PROMOTED_TO, type Properties } from './lineage.ts';

/** A file as both sides must have it. */
export interface FileFingerprint {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** Sentences on how the files of a target differ from those of the source; none when they are the same. */
export function differentFiles(
  source: readonly FileFingerprint[],
  target: readonly FileFingerprint[],
): readonly string[] {
  const theirs = new Map(target.map((file) => [file.name, file]));
  const ours = new Set(source.map(({ name }) => name));
  const changed = source.flatMap(({ name, size, sha256 }) => {
    const other = theirs.get(name);
    const shown = name === '' ? 'the file' : `'${name}'`;
    if (other === undefined) return [`${shown} is missing`];
    if (other.size !== size) return [`${shown} has ${other.size} bytes and not ${size}`];
    return other.sha256 === sha256 ? [] : [`${shown} has other content`];
  });
  const more = target.flatMap(({ name }) => (ours.has(name) ? [] : [`'${name}' is not in the source`]));
  return [...changed, ...more];
}

/** The approvals of a run's stage, as far as they could be read. */
export type Approvals =
  | {
      readonly state: 'read';
      readonly stage: string;
      readonly environment: string | undefined;
      readonly approvals: readonly {
        readonly status: string;
        readonly approver: string;
        readonly decidedAt: string | undefined;
      }[];
    }
  | { readonly state: 'unavailable'; readonly reason: string };

export type ApprovalOutcome = 'approved' | 'notApproved' | 'none' | 'unavailable';

/** `approved` when somebody approved and nobody decided otherwise; `none` when nobody was asked. */
export function approvalOutcome(evidence: Approvals): ApprovalOutcome {
  if (evidence.state === 'unavailable') return 'unavailable';
  if (evidence.approvals.length === 0) return 'none';
  return evidence.approvals.every(({ status }) => status.toLowerCase() === 'approved') ? 'approved' : 'notApproved';
}

/** Longest value of a tag or property we write; the service refuses much longer ones. */
const LONGEST_VALUE = 250;

/** The evidence as properties: who, when, where; or why it is unavailable. */
export function approvalProperties(evidence: Approvals): Properties {
  const all: Record<string, string | undefined> =
    evidence.state === 'unavailable'
      ? { 'azdo.approvalUnavailable': evidence.reason }
      : {
          'azdo.approvalStage': evidence.stage,
          'azdo.approvalEnvironment': evidence.environment,
          'azdo.approvedBy': evidence.approvals.map(({ approver }) => approver).join('; '),
          'azdo.approvedAt': evidence.approvals
            .flatMap(({ decidedAt }) => decidedAt ?? [])
            .toSorted()
            .at(-1),
        };
  const entries = Object.entries(all).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value.slice(0, LONGEST_VALUE)] as const],
  );
  return Object.fromEntries([[APPROVAL, approvalOutcome(evidence)], ...entries]);
}

/** What belongs to one promotion alone, and does not go on with the next. */
const OF_ONE_PROMOTION = /^azdo\.(promot|approv)/;

/** Tags and properties of the source that go along. */
export function carriedAlong(values: Properties): Properties {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !OF_ONE_PROMOTION.test(name)));
}

export interface PromotionFacts {
  /** Id of the version in the source. */
  readonly source: string;
  /** Id of the first version of the chain. */
  readonly origin: string;
  readonly contentHash: string;
  /** ISO 8601. */
  readonly promotedAt: string;
  /** The run that promotes, from `promotionProperties`. */
  readonly run: Properties;
  readonly approvals: Approvals;
}

/** What the target's version says about its promotion. */
export function promotionRecord(facts: PromotionFacts): { readonly tags: Properties; readonly properties: Properties } {
  return {
    tags: { [PROMOTED]: facts.promotedAt, [APPROVAL]: approvalOutcome(facts.approvals) },
    properties: {
      ...facts.run,
      ...approvalProperties(facts.approvals),
      [PROMOTED_FROM]: facts.source,
      [ORIGIN]: facts.origin,
      [CONTENT_HASH]: facts.contentHash,
    },
  };
}

/** What the source's version says about it. */
export function sourceMark(promotedAt: string, target: string): Properties {
  return { [PROMOTED]: promotedAt, [PROMOTED_TO]: target };
}

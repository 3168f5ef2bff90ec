import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../tasks/common/errors.ts';
import type { RecordedCase } from './recorded-case.ts';
import { isUnsupported, runCase } from './run-case.ts';

/** The comparer that lies beside the cases and defines what equal means. */
export interface Comparer {
  parse(text: string): unknown;
  compare(
    kase: unknown,
    capture: unknown,
    options: { readonly level: string; readonly ignoreApiVersion: boolean },
  ): readonly string[];
}

export type Outcome = 'equal' | 'different' | 'unsupported';

export interface CaseResult {
  readonly name: string;
  readonly kind: string;
  readonly outcome: Outcome;
  /** What differs, or why the file is refused. */
  readonly details: readonly string[];
}

export async function loadComparer(folder: string): Promise<Comparer> {
  return (await import(pathToFileURL(join(folder, 'compare.mjs')).href)) as Comparer;
}

/** Runs a case and says whether this product does what the recorded client did. */
export async function judgeCase(kase: RecordedCase, inputs: string, comparer: Comparer): Promise<CaseResult> {
  const { name } = kase;
  const kind = kase.main === undefined ? `${kase.kind} refused` : kase.kind;
  const result = (outcome: Outcome, details: readonly string[]): CaseResult => ({ name, kind, outcome, details });
  try {
    const captured = await runCase(kase, inputs);
    if (kase.main === undefined) {
      // Where the client fails by a defect of its own, doing better is right.
      return kase.sdkDefect === true
        ? result('equal', [])
        : result('different', ['accepted, but the client refuses it']);
    }
    const options = { level: 'writes', ignoreApiVersion: true };
    const differences = comparer.compare(comparer.parse(kase.text), captured, options);
    return result(differences.length === 0 ? 'equal' : 'different', differences);
  } catch (error) {
    if (isUnsupported(error)) return result('unsupported', [(error as UserError).message]);
    if (!(error instanceof UserError)) {
      return result('different', [error instanceof Error ? (error.stack ?? '') : String(error)]);
    }
    return result(kase.main === undefined ? 'equal' : 'different', error.message.split('\n'));
  }
}

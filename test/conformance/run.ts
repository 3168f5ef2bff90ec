/** `npm run conformance -- --cases DIR [--only TEXT] [--verbose]`: does this product send what the recorded client sent? */
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { UserError } from '../../tasks/common/errors.ts';
import { loadCases, type RecordedCase } from './recorded-case.ts';
import { isUnsupported, runCase } from './run-case.ts';

interface Comparer {
  parse(text: string): unknown;
  compare(
    kase: unknown,
    capture: unknown,
    options: { readonly level: string; readonly ignoreApiVersion: boolean },
  ): readonly string[];
}

type Outcome = 'equal' | 'different' | 'unsupported';

interface CaseResult {
  readonly name: string;
  readonly kind: string;
  readonly outcome: Outcome;
  readonly details: readonly string[];
}

const { values } = parseArgs({
  options: { cases: { type: 'string' }, only: { type: 'string' }, verbose: { type: 'boolean', default: false } },
});
if (values.cases === undefined) {
  console.error('Usage: npm run conformance -- --cases DIR [--only TEXT] [--verbose]');
  process.exitCode = 2;
} else {
  process.exitCode = await runAll(resolve(values.cases), values.only ?? '', values.verbose);
}

async function runAll(folder: string, only: string, verbose: boolean): Promise<number> {
  const comparer = (await import(pathToFileURL(join(folder, 'compare.mjs')).href)) as Comparer;
  const inputs = realpathSync(join(folder, 'inputs'));
  const results: CaseResult[] = [];
  for (const kase of loadCases(folder)) {
    if (kase.name.includes(only)) results.push(await judge(kase, inputs, comparer));
  }
  for (const { name, kind, outcome, details } of results) {
    console.log(`${outcome.padEnd(11)} ${kind.padEnd(17)} ${name}`);
    const lines = verbose ? details : details.slice(0, outcome === 'different' ? 5 : 1);
    for (const line of lines) console.log(`            ${line}`);
  }
  printTotals(results);
  return results.some(({ outcome }) => outcome === 'different') ? 1 : 0;
}

async function judge(kase: RecordedCase, inputs: string, comparer: Comparer): Promise<CaseResult> {
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
    if (!(error instanceof UserError))
      return result('different', [error instanceof Error ? (error.stack ?? '') : String(error)]);
    return result(kase.main === undefined ? 'equal' : 'different', error.message.split('\n'));
  }
}

function printTotals(results: readonly CaseResult[]): void {
  const kinds = [...new Set(results.map(({ kind }) => kind))].sort();
  const row = (name: string, of: readonly CaseResult[]): void => {
    const count = (outcome: Outcome): string => String(of.filter((result) => result.outcome === outcome).length);
    const numbers = [count('equal'), count('different'), count('unsupported')].map((number) => number.padStart(13));
    console.log(`${name.padEnd(26)}${numbers.join('')}`);
  };
  console.log(
    `\n${'kind'.padEnd(26)}${['equal', 'different', 'unsupported'].map((name) => name.padStart(13)).join('')}`,
  );
  for (const kind of kinds)
    row(
      kind,
      results.filter((result) => result.kind === kind),
    );
  row('all', results);
}

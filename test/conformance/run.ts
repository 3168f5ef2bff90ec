/** `npm run conformance -- --cases DIR [--only TEXT] [--verbose]`: does this product send what the recorded client sent? */
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeCase, loadComparer, type CaseResult, type Outcome } from './judge-case.ts';
import { loadCases } from './recorded-case.ts';

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
  const comparer = await loadComparer(folder);
  const inputs = realpathSync(join(folder, 'inputs'));
  const results: CaseResult[] = [];
  for (const kase of loadCases(folder)) {
    if (kase.name.includes(only)) results.push(await judgeCase(kase, inputs, comparer));
  }
  for (const { name, kind, outcome, details } of results) {
    console.log(`${outcome.padEnd(11)} ${kind.padEnd(17)} ${name}`);
    const lines = verbose ? details : details.slice(0, outcome === 'different' ? 5 : 1);
    for (const line of lines) console.log(`            ${line}`);
  }
  printTotals(results);
  return results.some(({ outcome }) => outcome === 'different') ? 1 : 0;
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

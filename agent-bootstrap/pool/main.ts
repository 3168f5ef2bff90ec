/** The command line: `pool VERB …`. Ends with 0 when all is as wanted, 1 when it is not, 2 for a line that makes no sense. */
import { setTimeout as sleep } from 'node:timers/promises';
import { takeToken } from './credential.ts';
import { UsageError, UserError } from './errors.ts';
import { COMMON_OPTIONS, overview, verbHelp } from './help.ts';
import { IDENTITY, ORGANIZATION, readOptions, requiredText, textOf, WHAT_IF } from './options.ts';
import { openOrganization } from './organization.ts';
import { VERBS } from './verbs.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main([name = '--help', ...args]: readonly string[]): Promise<void> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(overview());
    return;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw new UsageError(`there is no verb '${name}'; see: pool --help`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(verbHelp(name, verb));
    return;
  }
  const values = readOptions([...COMMON_OPTIONS, ...verb.options], args);
  const token = await takeToken(textOf(values, IDENTITY), process.env.AZURE_DEVOPS_TOKEN);
  await verb.run(
    {
      organization: openOrganization(requiredText(values, ORGANIZATION), token),
      isWhatIf: values.has(WHAT_IF.name),
      clock: { now: Date.now, sleep: (milliseconds) => sleep(milliseconds) },
      say,
    },
    values,
  );
}

/** One sentence for what people can put right or the service says; the stack for a defect. */
function explain(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  if (status === 401 || (status !== undefined && status >= 300 && status < 400)) {
    return 'the organization refused the token; is the identity a user of this organization?';
  }
  if (status === 403) return `the identity may not do this: ${error.message}; it must be administrator of the pool`;
  if (status !== undefined) return `the service answered ${status}: ${error.message}`;
  if ('code' in error) return `the organization cannot be reached: ${error.message}`;
  return `unexpected: ${error.stack ?? error.message}`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`ERROR: ${explain(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});

/** The help texts. */
import { describeOptions, IDENTITY, type Option, ORGANIZATION, WHAT_IF } from './options.ts';
import { type Verb, VERBS } from './verbs.ts';

/** The options every verb has, beside its own. */
export const COMMON_OPTIONS: readonly Option[] = [ORGANIZATION, IDENTITY, WHAT_IF];

const SIGN_IN = [
  'Signs in as whoever is signed in to the Azure CLI, else with the managed identity of this machine; --identity means',
  'that identity alone. AZURE_DEVOPS_TOKEN in the environment goes first: an Entra token, or a personal access token as',
  'the last resort. No option takes a token.',
];

export function overview(): string {
  const width = Math.max(...Object.keys(VERBS).map((name) => name.length));
  return [
    'pool VERB --organization URL --pool NAME [options] [--what-if]',
    '',
    ...Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Every verb has its own --help, may be run twice, and with --what-if only says what it would change.',
    ...SIGN_IN,
    '',
  ].join('\n');
}

export function verbHelp(name: string, { summary, options }: Verb): string {
  return [`pool ${name}: ${summary}`, '', ...describeOptions([...COMMON_OPTIONS, ...options]), '', ...SIGN_IN, ''].join(
    '\n',
  );
}

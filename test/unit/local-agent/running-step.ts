/** A step in the middle of its run, without a process: what command tests feed with lines. */
import { processLine } from '../../../local/agent/command-dispatch.ts';
import type { Endpoint } from '../../../local/agent/endpoints.ts';
import { StepLog } from '../../../local/agent/job-log.ts';
import type { Restrictions } from '../../../local/agent/restrictions.ts';
import { SecretMasker } from '../../../local/agent/secret-masker.ts';
import { StepState } from '../../../local/agent/step-state.ts';
import { Variables } from '../../../local/agent/variables.ts';

export interface RunningStep {
  readonly state: StepState;
  readonly log: readonly string[];
  /** Feeds lines as if the task had printed them. */
  readonly print: (...lines: string[]) => void;
}

export interface StepOptions {
  readonly debug?: boolean;
  readonly restrictions?: readonly Restrictions[];
  readonly outputNames?: readonly string[];
  readonly endpoints?: Endpoint[];
  readonly variables?: Readonly<Record<string, string>>;
}

export function runningStep(options: StepOptions = {}): RunningStep {
  const masker = new SecretMasker();
  const variables = new Variables((value) => {
    masker.addJobSecret(value);
  });
  for (const [name, value] of Object.entries(options.variables ?? {})) variables.set(name, value);
  const log = new StepLog({ masker, now: () => 0, folder: undefined, onLine: () => undefined }, 'step');
  const state = new StepState(
    {
      masker,
      variables,
      endpoints: options.endpoints ?? [],
      sourcesFolder: '/work/1/s',
      prependPath: [],
      buildTags: [],
      status: undefined,
      buildNumber: '1',
    },
    {
      name: 'step',
      log,
      debug: options.debug ?? false,
      taskVariables: new Variables(),
      outputNames: options.outputNames ?? [],
      restrictions: options.restrictions ?? [],
    },
  );
  return {
    state,
    log: log.lines,
    print: (...lines) => {
      for (const line of lines) processLine(line, state);
    },
  };
}

/** Why a job failed, from what the service says about it: whom the failure is for. */

export type FailureKind = 'userCode' | 'data' | 'quota' | 'imageBuild' | 'preemption' | 'platform' | 'unknown';

/** The more specific kinds first: a failed image build is also reported as a user error. */
const SIGNS: readonly (readonly [FailureKind, RegExp])[] = [
  ['preemption', /preempt|evict|low.?priority node|spot (vm|instance)/i],
  [
    'imageBuild',
    /image.?build|buildimage|docker build|failed to (build|pull)[^.]*image|imagepull|conda[^.]*(solve|resolv|create)/i,
  ],
  [
    'quota',
    /quota|insufficient.?capacity|out of capacity|overconstrained|not enough cores|AllocationFailed|SkuNotAvailable/i,
  ],
  [
    'data',
    /ScriptExecution\.StreamAccess|StreamAccess|DataAccess|DatasetMount|data.?capability|dataset (initialization|mount)|(input|datastore|blob|path)[^.]{0,80}(not found|does not exist)|(not found|does not exist)[^.]{0,40}datastore/i,
  ],
  [
    'userCode',
    /UserError|UserProcess|UserScript|ScriptExecution|Execution failed\. User process|exit(ed)? (with )?(status )?code [1-9]|Traceback|exited abnormally/i,
  ],
  ['platform', /SystemError|ServiceError|InternalServerError|InternalError|node (failure|lost|unhealthy)|heartbeat/i],
];

/** The kind of a failure by its code and message. */
export function failureKind(code: string, message: string): FailureKind {
  const text = `${code} ${message}`;
  return SIGNS.find(([, sign]) => sign.test(text))?.[0] ?? 'unknown';
}

const HINTS: Readonly<Record<FailureKind, string | undefined>> = {
  userCode: "The job's own code failed: see the last lines of its log.",
  data: 'Check the paths of the inputs and that the identity of the compute may read them.',
  quota: 'Ask for more quota, or choose another VM size, region or a smaller cluster.',
  imageBuild:
    'See the build log of the environment; in a private workspace images need a build compute that reaches the registry.',
  preemption: 'The nodes were taken away: run it again, or on dedicated nodes.',
  platform: 'Run it again; if it stays so, open a support request with the name of the job.',
  unknown: undefined,
};

/** One sentence on what to do about a failure of this kind. */
export function failureHint(kind: FailureKind): string | undefined {
  return HINTS[kind];
}

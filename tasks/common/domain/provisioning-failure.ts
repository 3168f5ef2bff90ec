/**
 * Why an online deployment did not come up, from what the service says and from the end of its container's log. The texts are
 * those of the documentation "Troubleshoot online endpoint deployment" and of public reports.
 */

export type ProvisioningCause =
  | 'quota'
  | 'pullRight'
  | 'imagePull'
  | 'imageBuild'
  | 'scoringScript'
  | 'modelDownload'
  | 'memory'
  | 'probe'
  | 'unknown';

/** The more specific signs first: what fails in the end is nearly always a probe, too. */
const SIGNS: readonly (readonly [ProvisioningCause, RegExp])[] = [
  ['quota', /OutOfQuota|OutOfCapacity|quota|insufficient.?capacity|not enough cores|VmSize|SkuNotAvailable/i],
  [
    'pullRight',
    /ACRAuthError|AcrPull|(acr|container registry|registry|image).{0,120}(unauthor|denied|forbidden|permission|authentication required|401|403)|(unauthor|denied|forbidden|permission).{0,120}(acr|container registry|pull)/i,
  ],
  ['imageBuild', /ImageBuildFailure|image.?build|docker build|conda[^.]*(solve|resolv|create)/i],
  [
    'imagePull',
    /download[^.]*container image|ImagePull|ErrImagePull|(failed|unable) to (pull|fetch)[^.]*image|image[^.]{0,60}not found|manifest unknown/i,
  ],
  [
    'scoringScript',
    /UserScript\w*|UserError|Traceback|score\.py|scoring script|User container has crashed|CrashLoopBackOff|init\(\)|ModuleNotFoundError/i,
  ],
  [
    'modelDownload',
    /unable to download (user )?(model|code)|(model|code)[^.]{0,60}(download|storage)[^.]{0,60}(fail|denied|unauthor|permission)|Storage Blob Data Reader/i,
  ],
  ['memory', /OutOfMemory|OOMKilled|out of memory|PodOutOfMemory/i],
  ['probe', /probe|liveness|readiness|timed? ?out waiting|not become (ready|healthy)|ResourceNotReady/i],
];

/** What the service's own words say wins over what the log may show besides; a crash in the log over a probe that only noticed it. */
export function provisioningCause(code: string, message: string, log: string): ProvisioningCause {
  const said = SIGNS.find(([, sign]) => sign.test(`${code} ${message}`))?.[0] ?? 'unknown';
  const shown = /Traceback|^\w*(Error|Exception):/m.test(log) ? 'scoringScript' : undefined;
  const outOfMemory = /OutOfMemory|OOMKilled|out of memory|MemoryError/i.test(log) ? 'memory' : undefined;
  return said === 'unknown' || said === 'probe' ? (outOfMemory ?? shown ?? said) : said;
}

const SENTENCES: Readonly<Record<ProvisioningCause, string>> = {
  quota: 'There is not enough quota or capacity for the machines: blue and green run side by side.',
  pullRight: "The image could not be pulled: the endpoint's identity needs AcrPull on the registry, and a route to it.",
  imagePull:
    'The image could not be pulled: check that its name and tag exist, and the route from the deployment to its registry.',
  imageBuild: 'The image of the environment could not be built: see the build log of the environment.',
  scoringScript: 'The scoring script failed: see the lines below, and that init() finds its model and packages.',
  modelDownload:
    "The model or the code could not be downloaded: the endpoint's identity needs Storage Blob Data Reader on the workspace's storage account, and a route to it.",
  memory: 'The container ran out of memory: take a larger machine, or fewer workers.',
  probe:
    'The container did not become healthy in time: its scoring script may load too slowly; raise initial_delay of its probes.',
  unknown: '',
};

/** One sentence on what happened and what to do; '' where nothing is known. */
export function provisioningSentence(cause: ProvisioningCause): string {
  return SENTENCES[cause];
}

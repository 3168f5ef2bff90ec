/** Turns the short forms of steps into the tasks they stand for (documentation: "YAML schema", steps). */
import {
  asTexts,
  mapping,
  scalar,
  sequence,
  type DocumentNode,
  type Entry,
  type MappingNode,
} from '../document/document-node.ts';
import type { NodeReader } from '../document/node-reader.ts';
import { suggestion } from '../nearest-name.ts';

/** By this id the service prints checkouts. */
export const CHECKOUT_TASK = '6d15af64-176c-496d-b583-fd2ae21d4df4@1';

interface Shortcut {
  readonly task: string;
  /** The input that the key's own value becomes. */
  readonly input: string;
  readonly fixed?: Readonly<Record<string, string>>;
  /** Keys that become inputs. */
  readonly inputs: readonly string[];
}

const POWERSHELL = [
  ...['errorActionPreference', 'warningPreference', 'informationPreference', 'verbosePreference', 'debugPreference'],
  ...['progressPreference', 'failOnStderr', 'ignoreLASTEXITCODE', 'workingDirectory', 'showWarnings'],
];

const SHORTCUTS: Readonly<Record<string, Shortcut>> = {
  script: { task: 'CmdLine@2', input: 'script', inputs: ['workingDirectory', 'failOnStderr'] },
  bash: {
    task: 'Bash@3',
    input: 'script',
    fixed: { targetType: 'inline' },
    inputs: ['workingDirectory', 'failOnStderr', 'noProfile', 'noRc', 'bashEnvValue'],
  },
  powershell: { task: 'PowerShell@2', input: 'script', fixed: { targetType: 'inline' }, inputs: POWERSHELL },
  pwsh: { task: 'PowerShell@2', input: 'script', fixed: { targetType: 'inline', pwsh: 'true' }, inputs: POWERSHELL },
  checkout: {
    task: CHECKOUT_TASK,
    input: 'repository',
    inputs: [
      ...['clean', 'fetchDepth', 'fetchTags', 'fetchFilter', 'lfs', 'submodules', 'path', 'persistCredentials'],
      ...['sparseCheckoutDirectories', 'sparseCheckoutPatterns', 'workspaceRepo'],
    ],
  },
  download: { task: 'DownloadPipelineArtifact@2', input: 'buildType', inputs: ['artifact', 'patterns'] },
  publish: { task: 'PublishPipelineArtifact@1', input: 'path', inputs: ['artifact'] },
  getPackage: { task: 'DownloadPackage@1', input: 'definition', inputs: ['path'] },
};

const STEP_KINDS = ['task', ...Object.keys(SHORTCUTS), 'downloadBuild', 'reviewApp', 'template'];
const JOB_KINDS = ['job', 'deployment', 'template'];
const STAGE_KINDS = ['stage', 'template'];

/** Keys every kind of step may have. */
export const STEP_KEYS = [
  ...['name', 'displayName', 'condition', 'continueOnError', 'enabled', 'timeoutInMinutes'],
  ...['retryCountOnTaskFailure', 'env', 'target'],
];
export const DEPLOYMENT_STRATEGIES = ['runOnce', 'rolling', 'canary'];
/** Keys whose values are no texts. */
const TYPED_KEYS = ['continueOnError', 'enabled', 'timeoutInMinutes', 'retryCountOnTaskFailure'];

/** Types of parameters that hold parts of a pipeline. */
export const STRUCTURE_TYPES = [
  ...['step', 'stepList', 'job', 'jobList', 'deployment', 'deploymentList', 'stage', 'stageList'],
];

/** The first key decides what an item is; anything else is reported. */
export function kindOfItem(reader: NodeReader, node: DocumentNode, kinds: readonly string[]): string | undefined {
  const first = node.kind === 'mapping' ? node.entries[0]?.key : undefined;
  if (first !== undefined && kinds.includes(first.text)) return first.text;
  if (node.kind === 'sequence') reader.report(node, 'A sequence was not expected.');
  else if (first === undefined || node.kind === 'scalar') {
    reader.report(
      node,
      `There's not enough info to determine what you meant. Add one of these properties: ${kinds.join(', ')}.`,
    );
  } else {
    const hint = suggestion(first.text, kinds);
    reader.report(
      first,
      `Unexpected value '${first.text}': the first property must be one of ${kinds.join(', ')}.${hint}`,
    );
  }
  return undefined;
}

export const kindOfStep = (reader: NodeReader, node: DocumentNode): string | undefined =>
  kindOfItem(reader, node, STEP_KINDS);
export const kindOfJob = (reader: NodeReader, node: DocumentNode): string | undefined =>
  kindOfItem(reader, node, JOB_KINDS);
export const kindOfStage = (reader: NodeReader, node: DocumentNode): string | undefined =>
  kindOfItem(reader, node, STAGE_KINDS);

/** A step as a task with inputs; references to templates stay as they are. */
export function normaliseStep(reader: NodeReader, node: DocumentNode): DocumentNode {
  const kind = kindOfStep(reader, node);
  if (node.kind !== 'mapping' || kind === undefined || kind === 'template') return node;
  const shortcut = Object.hasOwn(SHORTCUTS, kind) ? SHORTCUTS[kind] : undefined;
  const entries = node.entries.map(({ key, value }) => ({
    key,
    value: TYPED_KEYS.includes(key.text) ? value : asTexts(value),
  }));
  return mapping(node.place, shortcut === undefined ? entries : expandShortcut(reader, kind, shortcut, entries));
}

function expandShortcut(reader: NodeReader, kind: string, shortcut: Shortcut, entries: readonly Entry[]): Entry[] {
  const [first, ...rest] = entries;
  if (first === undefined) return [];
  const { place } = first.key;
  const inputs = [
    ...Object.entries(shortcut.fixed ?? {}).map(([key, value]) => textEntry(place, key, value)),
    { key: scalar(place, shortcut.input), value: first.value },
    ...rest.filter(({ key }) => shortcut.inputs.includes(key.text)),
  ];
  const artifact = kind === 'download' ? rest.find(({ key }) => key.text === 'artifact') : undefined;
  if (artifact?.value.kind === 'scalar') {
    // The short form puts one artifact where several would be, each in a folder of its name.
    inputs.push(textEntry(place, 'targetPath', `$(Pipeline.Workspace)/${artifact.value.text}`));
  }
  const common = rest.filter(({ key }) => STEP_KEYS.includes(key.text));
  for (const { key } of rest.filter((entry) => !inputs.includes(entry) && !common.includes(entry))) {
    const known = [...shortcut.inputs, ...STEP_KEYS];
    reader.report(
      key,
      `Unexpected property '${key.text}' in a step of the kind '${kind}'.${suggestion(key.text, known)}`,
    );
  }
  return [
    textEntry(place, 'task', shortcut.task),
    ...common,
    { key: scalar(place, 'inputs'), value: mapping(first.value.place, inputs) },
  ];
}

function textEntry(place: Entry['key']['place'], key: string, value: string): Entry {
  return { key: scalar(place, key), value: scalar(place, value) };
}

/** The value of a parameter that holds steps, jobs or stages, as `each` sees it: with every step a task. */
export function normaliseParameter(reader: NodeReader, type: string, node: DocumentNode): DocumentNode {
  if (type.endsWith('List')) {
    const one = type.slice(0, -'List'.length);
    const items = reader.sequence(node, `a parameter of the type ${type}`);
    return sequence(
      node.place,
      items.map((item) => normaliseItem(reader, one, item)),
    );
  }
  return normaliseItem(reader, type, node);
}

function normaliseItem(reader: NodeReader, type: string, node: DocumentNode): DocumentNode {
  if (type === 'step') return normaliseStep(reader, node);
  if (type === 'stage') {
    kindOfStage(reader, node);
    return mapEntry(node, 'jobs', (jobs) => mapItems(jobs, (job) => normaliseItem(reader, 'job', job)));
  }
  kindOfItem(reader, node, type === 'deployment' ? ['deployment', 'template'] : JOB_KINDS);
  const steps = (list: DocumentNode): DocumentNode => mapItems(list, (step) => normaliseStep(reader, step));
  return mapHooks(mapEntry(node, 'steps', steps), steps);
}

/** The job with the steps of its deployment hooks replaced. */
export function mapHooks(job: DocumentNode, change: (steps: DocumentNode) => DocumentNode): DocumentNode {
  const hook = (node: DocumentNode): DocumentNode => mapEntry(node, 'steps', change);
  const hooks = (strategy: DocumentNode): DocumentNode =>
    mapAll(strategy, (name, node) => (name === 'on' ? mapAll(node, (_, each) => hook(each)) : hook(node)));
  return mapEntry(job, 'strategy', (strategies) =>
    mapAll(strategies, (name, node) => (DEPLOYMENT_STRATEGIES.includes(name) ? hooks(node) : node)),
  );
}

/** The mapping with the value of one key replaced; anything else as it is. */
export function mapEntry(
  node: DocumentNode,
  name: string,
  change: (value: DocumentNode) => DocumentNode,
): DocumentNode {
  return mapAll(node, (key, value) => (key === name ? change(value) : value));
}

function mapAll(node: DocumentNode, change: (key: string, value: DocumentNode) => DocumentNode): DocumentNode {
  if (node.kind !== 'mapping') return node;
  const entries: MappingNode['entries'] = node.entries.map(({ key, value }) => ({
    key,
    value: change(key.text, value),
  }));
  return mapping(node.place, entries);
}

function mapItems(node: DocumentNode, change: (item: DocumentNode) => DocumentNode): DocumentNode {
  return node.kind === 'sequence' ? sequence(node.place, node.items.map(change)) : node;
}

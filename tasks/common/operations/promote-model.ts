/** Takes a model from a workspace or registry to another: what `AmlPromoteModel` does. Run twice, it is once. */
import { at, textAt } from '../domain/json.ts';
import { ENVIRONMENT, ORIGIN, promotionProperties, recordedFact, type Properties } from '../domain/lineage.ts';
import { approvalOutcome, differentFiles, promotionRecord, type Approvals } from '../domain/promotion.ts';
import { nameProblem } from '../domain/resource-names.ts';
import { UserError, type Problem } from '../errors.ts';
import type { AssetPlace, Resource } from '../ports.ts';
import {
  assetsOf,
  contentOf,
  idOf,
  ownAsset,
  pathOf,
  placeText,
  someOf,
  type AssetVersion,
  type Content,
} from './asset-place.ts';
import { bringModel } from './bring-model.ts';
import { parseTags } from './model-tags.ts';
import { takeAlong, type Transfer, type TakenAsset } from './promote-dependencies.ts';
import { markSource, recordPromotion, type PromotionRecord } from './record-promotion.ts';
import { report, type Promotion } from './promotion-report.ts';
import type { OperationAgent } from './task-context.ts';

export interface PromoteContext {
  readonly agent: OperationAgent;
  readonly source: AssetPlace;
  readonly target: AssetPlace;
  /** One connection reads the source and writes the target, so that the service itself may copy. */
  readonly sameConnection: boolean;
  readonly approvals: () => Promise<Approvals>;
}

export interface PromoteRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly targetModelName: string | undefined;
  readonly targetModelVersion: string | undefined;
  readonly includeEnvironment: boolean;
  /** `name:version` lines. */
  readonly environments: readonly string[];
  readonly components: readonly string[];
  /** `name=value` lines. */
  readonly tags: readonly string[];
  readonly stage: string | undefined;
  readonly requireApproval: boolean;
  readonly markSource: boolean;
}

export interface PromoteOutputs {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelId: string;
  readonly changed: string;
  readonly evidence: string;
}

/**
 * Throws UserError for wrong inputs, a model that is missing, a version in the target that holds something else, and a missing
 * approval where one is required; nothing is changed then. Throws ServiceError when a copy is not what was copied.
 */
export async function promoteModel(context: PromoteContext, request: PromoteRequest): Promise<PromoteOutputs> {
  const { agent, source, target } = context;
  const checked = checkInputs(context, request);
  const approvals = await readApprovals(context, request);
  const original = await requireModel(context, checked.from);
  const content = await contentOf(agent, source, checked.from, textAt(original, 'properties', 'modelUri') ?? '');
  const existing = await assetsOf(target).get(pathOf(checked.to), { signal: agent.signal });
  if (existing !== undefined) await requireSameModel(context, checked.to, content, existing);
  const transfer: Transfer = { agent, source, target, taken: new Map() };
  const environment = await takeDependencies(transfer, checked, original, request);
  const brought = existing ?? (await bringModel(context, checked, original, content));
  const record: PromotionRecord = {
    ...promotionRecord({
      source: idOf(source, checked.from),
      origin: recordedFact(original, ORIGIN) ?? idOf(source, checked.from),
      contentHash: content.hash,
      promotedAt: new Date(agent.clock.now()).toISOString(),
      run: promotionProperties(agent.run),
      approvals,
    }),
    environment: environment?.id,
    own: checked.tags,
    stage: request.stage,
  };
  const model = await recordPromotion(context, checked.to, original, brought, record);
  if (request.markSource) await markSource(context, checked, original, record);
  const promotion: Promotion = {
    from: { id: idOf(source, checked.from), place: placeText(source) },
    to: { ...checked.to, id: textAt(model, 'id') ?? idOf(target, checked.to), place: placeText(target) },
    isNew: existing === undefined,
    content,
    approvals,
    taken: [...transfer.taken.values()],
  };
  return report(agent, promotion);
}

/** Both versions, and the user's tags. */
export interface CheckedRequest {
  readonly from: AssetVersion;
  readonly to: AssetVersion;
  readonly tags: Properties;
  readonly environments: readonly AssetVersion[];
  readonly components: readonly AssetVersion[];
}

function checkInputs(context: PromoteContext, request: PromoteRequest): CheckedRequest {
  const problems: Problem[] = [];
  const note = (message: string): void => {
    problems.push({ message });
  };
  const { modelName, modelVersion, targetModelName, targetModelVersion } = request;
  const from: AssetVersion = { collection: 'models', name: modelName, version: modelVersion };
  const to = { ...from, name: targetModelName ?? modelName, version: targetModelVersion ?? modelVersion };
  for (const [input, name] of [
    ['modelName', from.name],
    ...(targetModelName === undefined ? [] : [['targetModelName', to.name] as const]),
  ] as const) {
    const problem = nameProblem('model', name);
    if (problem !== undefined) note(`Input '${input}': ${problem}`);
  }
  for (const [input, version] of [
    ['modelVersion', from.version],
    ...(targetModelVersion === undefined ? [] : [['targetModelVersion', to.version] as const]),
  ] as const) {
    if (!VERSION.test(version)) note(`Input '${input}': '${version}' is no version; name one exactly, for example 7.`);
  }
  if (idOf(context.source, from).toLowerCase() === idOf(context.target, to).toLowerCase()) {
    note('Source and target are the same version of the same model: name another target.');
  }
  const references = (input: 'environments' | 'components'): readonly AssetVersion[] =>
    request[input].flatMap((line) => {
      const [, name, version] = /^(?:azureml:)?([A-Za-z0-9][\w.-]*):([\w.-]+)$/.exec(line) ?? [];
      if (name !== undefined && version !== undefined) return [{ collection: input, name, version }];
      note(`Input '${input}': '${line}' must have the form name:version.`);
      return [];
    });
  const [environments, components] = [references('environments'), references('components')];
  const tags = parseTags(context.agent, request.tags);
  if (problems.length > 0) throw new UserError(problems);
  return { from, to, tags, environments, components };
}

/** `latest` is none: it would be another one tomorrow. */
const VERSION = /^(?!latest$)[A-Za-z0-9][\w.-]*$/i;

async function readApprovals(
  { agent, approvals }: PromoteContext,
  { requireApproval }: PromoteRequest,
): Promise<Approvals> {
  const found = await approvals();
  const outcome = approvalOutcome(found);
  if (found.state === 'unavailable') agent.log.info(`Approvals are unavailable: ${found.reason}.`);
  if (!requireApproval || outcome === 'approved') return found;
  const reasons = {
    none: 'nobody was asked to approve this stage. Add an approval to the environment of the deployment job',
    notApproved: 'not everybody who was asked has approved',
    unavailable: found.state === 'unavailable' ? `the approvals cannot be read (${found.reason})` : '',
  };
  throw new UserError(`An approval is required (requireApproval), but ${reasons[outcome]}.`);
}

async function requireModel({ agent, source }: PromoteContext, from: AssetVersion): Promise<Resource> {
  const model = await assetsOf(source).get(pathOf(from), { signal: agent.signal });
  if (model === undefined)
    throw new UserError(`There is no model ${from.name}:${from.version} in ${placeText(source)}.`);
  if (at(model, 'properties', 'isArchived') !== true) return model;
  throw new UserError(`The model ${from.name}:${from.version} in ${placeText(source)} is archived: restore it first.`);
}

async function requireSameModel(
  { agent, target }: PromoteContext,
  to: AssetVersion,
  content: Content,
  existing: Resource,
): Promise<void> {
  const there = await contentOf(agent, target, to, textAt(existing, 'properties', 'modelUri') ?? '');
  const differences = differentFiles(content.files, there.files);
  if (differences.length === 0) return;
  throw new UserError(
    `${to.name}:${to.version} exists already in ${placeText(target)} with other files: ${someOf(differences)}. ` +
      'Versions are never overwritten: give another targetModelVersion.',
  );
}

/** The environment of the model's job, where one of the source's own was recorded and taken along. */
async function takeDependencies(
  transfer: Transfer,
  { environments, components }: CheckedRequest,
  original: Resource,
  { includeEnvironment }: PromoteRequest,
): Promise<TakenAsset | undefined> {
  const recorded = includeEnvironment
    ? ownAsset(transfer.source, recordedFact(original, ENVIRONMENT) ?? '')
    : undefined;
  // An anonymous environment belongs to one job; it is made again wherever that job's YAML runs.
  const named = recorded?.name === 'CliV2AnonymousEnvironment' ? undefined : recorded;
  const environment = named === undefined ? undefined : await takeAlong(transfer, named);
  for (const asset of [...environments, ...components]) await takeAlong(transfer, asset);
  return environment;
}

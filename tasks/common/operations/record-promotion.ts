/** Writes what a promotion was: with the version in the target, and as a mark on the version in the source. */
import { textAt } from '../domain/json.ts';
import {
  CONTENT_HASH,
  ENVIRONMENT,
  PROMOTED,
  PROMOTED_FROM,
  PROMOTED_TO,
  recordedFact,
  type Properties,
} from '../domain/lineage.ts';
import { carriedAlong, sourceMark } from '../domain/promotion.ts';
import { ServiceError } from '../errors.ts';
import type { Resource } from '../ports.ts';
import { assetsOf, idOf, pathOf, placeText, textsOf, writableProperties, type AssetVersion } from './asset-place.ts';
import type { CheckedRequest, PromoteContext } from './promote-model.ts';

export interface PromotionRecord {
  readonly tags: Properties;
  readonly properties: Properties;
  /** Id of the environment in the target. */
  readonly environment: string | undefined;
  /** The user's tags. */
  readonly own: Properties;
  readonly stage: string | undefined;
}

/** The promotion's own facts that a repeated run of the same pipeline run leaves as they are. */
const SAME_RUN = [PROMOTED_FROM, CONTENT_HASH, 'azdo.promotion.buildId'];

/** The version with its record; unchanged when this very run has written it before. */
export async function recordPromotion(
  { agent, target }: PromoteContext,
  to: AssetVersion,
  original: Resource,
  model: Resource,
  record: PromotionRecord,
): Promise<Resource> {
  const isRecorded =
    recordedFact(model, PROMOTED) !== undefined &&
    SAME_RUN.every((name) => recordedFact(model, name) === record.properties[name]);
  if (isRecorded) return model;
  const clean = (values: Properties): Properties =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, agent.redact(value)]));
  const properties = writableProperties(model);
  const body = {
    properties: {
      ...properties,
      ...(record.stage === undefined || target.kind === 'registry' ? {} : { stage: record.stage }),
      tags: { ...carriedAlong(textsOf(original, 'tags')), ...record.own, ...clean(record.tags) },
      properties: {
        ...carriedAlong(textsOf(original, 'properties')),
        ...clean(record.properties),
        ...(record.environment === undefined ? {} : { [ENVIRONMENT]: record.environment }),
      },
    },
  };
  return assetsOf(target).put(pathOf(to), body, { signal: agent.signal });
}

/** Says on the source where it went. Whoever may not write there is told, and the promotion stands. */
export async function markSource(
  { agent, source, target }: PromoteContext,
  { from, to }: CheckedRequest,
  original: Resource,
  record: PromotionRecord,
): Promise<void> {
  const id = idOf(target, to);
  const isMarked = recordedFact(original, PROMOTED_TO) === id;
  const promotedAt = record.tags[PROMOTED] ?? '';
  const isSameRun = isMarked && recordedFact(original, MARKED_BY) === record.properties['azdo.promotion.buildId'];
  if (isSameRun) return;
  const tags = { ...textsOf(original, 'tags'), ...sourceMark(promotedAt, id), ...markedBy(record) };
  const properties = { ...writableProperties(original), tags };
  const jobName = textAt(original, 'properties', 'jobName');
  try {
    const body = { properties: { ...properties, ...(jobName === undefined ? {} : { jobName }) } };
    await assetsOf(source).put(pathOf(from), body, { signal: agent.signal });
  } catch (error) {
    if (!(error instanceof ServiceError) || (error.status !== 401 && error.status !== 403)) throw error;
    agent.log.warning(
      `${from.name}:${from.version} in ${placeText(source)} was not marked as promoted: ${error.message} ` +
        'Give the connection write access to it, or set markSource: false.',
    );
  }
}

/** The run that marked the source, so that its retry leaves the mark as it is. */
const MARKED_BY = 'azdo.promotedBy';

function markedBy({ properties }: PromotionRecord): Properties {
  const build = properties['azdo.promotion.buildId'];
  return build === undefined ? {} : { [MARKED_BY]: build };
}

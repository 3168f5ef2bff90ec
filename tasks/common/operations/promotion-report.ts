/** Says what was promoted: log, summary and outputs. */
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import { approvalOutcome, type Approvals } from '../domain/promotion.ts';
import type { AssetVersion, Content } from './asset-place.ts';
import type { TakenAsset } from './promote-dependencies.ts';
import type { PromoteOutputs } from './promote-model.ts';
import type { OperationAgent } from './task-context.ts';
import { countText, sizeText } from './upload-source.ts';

export interface Promotion {
  readonly from: { readonly id: string; readonly place: string };
  readonly to: AssetVersion & { readonly id: string; readonly place: string };
  readonly isNew: boolean;
  readonly content: Content;
  readonly approvals: Approvals;
  readonly taken: readonly TakenAsset[];
}

/** Writes log and summary, and returns the outputs. */
export function report(agent: OperationAgent, promotion: Promotion): PromoteOutputs {
  const { from, to, isNew, content, approvals, taken } = promotion;
  const title = `${to.name}:${to.version}`;
  const bytes = content.files.reduce((sum, { size }) => sum + size, 0);
  const files = `${countText(content.files.length, 'file')}, ${sizeText(bytes)}, the same on both sides`;
  const verb = isNew ? 'Promoted' : 'Already promoted, nothing copied:';
  agent.log.info(`${verb} ${title} from ${from.place} to ${to.place} (${files}).`);
  agent.log.info(`Approvals: ${approvalText(approvals)}`);
  const rows = [
    ['From', from.id],
    ['To', to.id],
    ['Content', `${files} (SHA-256 ${content.hash})`],
    ['Approvals', approvalText(approvals)],
    ...taken.map((asset) => [asset.collection.replace(/s$/, ''), `${asset.name}:${asset.version} (${asset.change})`]),
  ].map(([name = '', value = '']) => [escapeMarkdown(name), escapeMarkdown(value)]);
  const what = isNew ? 'promoted' : 'was promoted before';
  agent.addSummary(
    `### Model ${escapeMarkdown(title)} ${what} to ${escapeMarkdown(to.place)}\n\n${markdownTable(['Fact', 'Value'], rows)}`,
  );
  return {
    modelName: to.name,
    modelVersion: to.version,
    modelId: to.id,
    changed: String(isNew || taken.some(({ change }) => change === 'create')),
    evidence: agent.redact(JSON.stringify(evidence(promotion))),
  };
}

function evidence({ from, to, content, approvals, taken }: Promotion): object {
  return {
    source: from.id,
    target: to.id,
    contentHash: content.hash,
    files: content.files.length,
    approvals: { outcome: approvalOutcome(approvals), ...approvals },
    assets: taken.map(({ collection, name, version, id, change }) => ({ collection, name, version, id, change })),
  };
}

function approvalText(evidence: Approvals): string {
  if (evidence.state === 'unavailable') return `unavailable: ${evidence.reason}`;
  if (evidence.approvals.length === 0) return `none was asked for in the stage ${evidence.stage}`;
  const where = evidence.environment === undefined ? `stage ${evidence.stage}` : `environment ${evidence.environment}`;
  const who = evidence.approvals.map(({ status, approver, decidedAt }) =>
    [status, approver === '' ? '' : `by ${approver}`, decidedAt === undefined ? '' : `at ${decidedAt}`]
      .filter((part) => part !== '')
      .join(' '),
  );
  return `${where}: ${who.join('; ')}`;
}

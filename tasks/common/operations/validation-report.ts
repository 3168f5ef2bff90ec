/** How a validation says what it has found. */
import type { LocalSource, Plan } from '../aml-yaml/plan.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import type { WorkspaceId } from '../domain/workspace-id.ts';
import { UserError } from '../errors.ts';
import { nameAndVersion } from './apply-files.ts';
import type { OperationAgent } from './task-context.ts';
import { countText, sizeText } from './upload-source.ts';

/** Stands for the workspace in plans that are only checked; it never leaves the process. */
export const NO_WORKSPACE: WorkspaceId = {
  subscriptionId: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'none',
  name: 'none',
};

/** Says one line a file and adds a summary. Throws what the planning throws, with the problems in the summary too. */
export async function reportValid(
  { log, addSummary }: OperationAgent,
  planning: () => Promise<readonly Plan[]>,
): Promise<readonly Plan[]> {
  let plans: readonly Plan[];
  try {
    plans = await planning();
  } catch (error) {
    if (error instanceof UserError) addSummary(problemSummary(error));
    throw error;
  }
  for (const plan of plans) {
    for (const warning of plan.warnings) log.warning(`${plan.file}: ${warning}`);
    const [kind, name, content] = planTexts(plan);
    log.info(
      `${plan.file}: ${[kind, name].filter((text) => text !== '').join(' ')} is valid${content === '' ? '' : ` (${content})`}.`,
    );
  }
  log.info(`${countText(plans.length, 'file')} checked, no problems.`);
  addSummary(validSummary(plans));
  return plans;
}

/** Kind, name and what would be looked at for an upload. */
function planTexts(plan: Plan): readonly [string, string, string] {
  const { name, version } = plan.main;
  const given = nameAndVersion(name, version?.rule === 'given' ? version.version : undefined);
  const sources = plan.steps.flatMap((step): readonly LocalSource[] =>
    step.do === 'uploadCode' || step.do === 'uploadData' ? [step.source] : [],
  );
  const files = sources.flatMap((source) => source.files);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const content = files.length === 0 ? '' : `${countText(files.length, 'file')} to upload, ${sizeText(bytes)}`;
  // A job's name is made when it is submitted.
  return [plan.kind, plan.kind === 'job' ? '' : given, content];
}

function validSummary(plans: readonly Plan[]): string {
  const rows = plans.map((plan) => [plan.file, ...planTexts(plan)].map(escapeMarkdown));
  return `### Valid\n\n${markdownTable(['File', 'Kind', 'Name', 'Content'], rows)}`;
}

function problemSummary({ problems }: UserError): string {
  const rows = problems.map(({ file, line, column, message }) => [
    escapeMarkdown([file, line, column].filter((part) => part !== undefined).join(':')),
    escapeMarkdown(message),
  ]);
  return `### Not valid: ${countText(problems.length, 'problem')}\n\n${markdownTable(['Place', 'Problem'], rows)}`;
}

import { childArmId } from '../domain/workspace-id.ts';
import type { Template } from './plan.ts';
import type { Planning, SourceFile } from './planning.ts';
import { record, text } from './readers.ts';
import { parseReference } from './references.ts';
import { compact, type TemplateObject } from './templates.ts';
import { localPath, planCode } from './uploads.ts';
import { member, type YamlNode } from './yaml-node.ts';

/** `code_configuration` of a deployment. */
export const codeConfiguration = record({ code: text, scoring_script: text });

type CodeConfiguration = NonNullable<ReturnType<typeof codeConfiguration>>;

/** The code and script a deployment scores with; undefined where it has none. */
export async function planScoringCode(
  planning: Planning,
  source: SourceFile,
  configuration: CodeConfiguration | undefined,
): Promise<TemplateObject | undefined> {
  if (configuration === undefined) return undefined;
  const node = member(member(source.node, 'code_configuration'), 'code');
  const place = node?.place ?? source.node.place;
  const script = configuration.scoring_script;
  const codeId =
    configuration.code === undefined ? undefined : await codeTemplate(planning, source, configuration.code, place);
  if (script !== undefined && codeId !== undefined) checkScript(planning, codeId, script, source);
  return compact({ codeId, scoringScript: script });
}

async function codeTemplate(
  planning: Planning,
  source: SourceFile,
  written: string,
  place: YamlNode['place'],
): Promise<Template | undefined> {
  const reference = parseReference(written);
  if (reference.form === 'armId') return reference.id;
  if (reference.form === 'registry') return reference.uri;
  if (reference.form === 'version' && written.startsWith('azureml:')) {
    return childArmId(planning.request.workspace, 'codes', reference.name, 'versions', reference.version);
  }
  return planCode(planning, localPath(source.folder, written, place, 'The scoring code'), 'job');
}

/** A scoring script that is not in the uploaded code fails only after minutes in the service, so it is looked for here. */
function checkScript(planning: Planning, codeId: Template, script: string, source: SourceFile): void {
  if (typeof codeId !== 'object' || codeId === null || !('$step' in codeId)) return;
  const step = planning.steps().find((candidate) => 'key' in candidate && candidate.key === codeId.$step);
  if (step?.do !== 'uploadCode' || step.source.files.some((file) => file.name === script.replace(/^\.\//, ''))) return;
  const place = member(member(source.node, 'code_configuration'), 'scoring_script')?.place ?? source.node.place;
  planning.problems.add(place, `The scoring script '${script}' is not among the files of ${step.source.path}.`);
}

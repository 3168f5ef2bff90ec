/** Makes a model's version in the target: by the service's own import where it has one, otherwise file by file. */
import { textAt } from '../domain/json.ts';
import { ServiceError } from '../errors.ts';
import type { Registry, Resource, Workspace } from '../ports.ts';
import {
  assetsOf,
  contentOf,
  copyContent,
  pathOf,
  placeText,
  requireSame,
  writableProperties,
  type AssetVersion,
  type Content,
} from './asset-place.ts';
import type { CheckedRequest, PromoteContext } from './promote-model.ts';

/** The new version, its files compared with those of the source. Throws ServiceError when they differ. */
export async function bringModel(
  context: PromoteContext,
  { from, to }: CheckedRequest,
  original: Resource,
  content: Content,
): Promise<Resource> {
  const { agent, source, target, sameConnection } = context;
  if (source.kind === 'workspace' && target.kind === 'registry' && sameConnection) {
    const imported = await importModel(context, source.workspace, target.registry, from, to);
    if (imported !== undefined) {
      const there = await contentOf(agent, target, to, textAt(imported, 'properties', 'modelUri') ?? '');
      requireSame(content.files, there.files, target, to);
      return imported;
    }
  }
  agent.log.info(`Copying ${content.files.length} files to ${placeText(target)}.`);
  const modelUri = await copyContent(agent, content, target, to);
  const properties = { ...writableProperties(original), stage: undefined };
  return assetsOf(target).put(pathOf(to), { properties: { ...properties, modelUri } }, { signal: agent.signal });
}

/** Nothing passes through the agent. Undefined when the registry may not read the workspace in the connection's name. */
async function importModel(
  { agent }: PromoteContext,
  workspace: Workspace,
  registry: Registry,
  from: AssetVersion,
  to: AssetVersion,
): Promise<Resource | undefined> {
  const guid = textAt(await workspace.get('', { signal: agent.signal }), 'properties', 'workspaceId') ?? '';
  const location = await workspace.location();
  const sourceAssetId = `azureml://locations/${location}/workspaces/${guid}/${pathOf(from)}`;
  const body = { properties: { destinationName: to.name, destinationVersion: to.version, sourceAssetId } };
  try {
    await registry.post('import', body, { signal: agent.signal });
  } catch (error) {
    if (!(error instanceof ServiceError) || (error.status !== 401 && error.status !== 403)) throw error;
    agent.log.info(`The registry ${registry.name} does not import it (${error.message}); it is copied instead.`);
    return undefined;
  }
  const model = await registry.get(pathOf(to), { signal: agent.signal });
  if (model !== undefined) return model;
  throw new ServiceError({
    status: 404,
    code: 'ImportedModelMissing',
    message: `The import of ${to.name}:${to.version} into the registry ${registry.name} ended, but the version is not there.`,
  });
}

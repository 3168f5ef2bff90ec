import { createHash } from 'node:crypto';
import type { PutStep, Template, VersionRule } from './plan.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { anyMap, mapOf, oneOf, record, text, textMap, textOrNumber, type At, type Values } from './readers.ts';
import { assetReference, isUrl, parseReference } from './references.ts';
import { compact, passThrough } from './templates.ts';
import { datastoreName, localPath, planUpload } from './uploads.ts';
import { withPlainNumbers } from './number-text.ts';
import { member, type Place, type YamlNode } from './yaml-node.ts';

const FIELDS = {
  name: text,
  version: textOrNumber,
  description: text,
  tags: textMap,
  properties: textMap,
  path: text,
  type: oneOf(['custom_model', 'mlflow_model', 'triton_model']),
  flavors: mapOf(anyMap),
  stage: text,
  datastore: text,
};
type ModelValues = Values<typeof FIELDS>;

const readModel = record(FIELDS, { required: ['path'] });

/** A model asset: a local file or folder, a job's output or a URI. */
export async function planModel(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readModel(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return undefined;
  if (values.name === undefined) planning.problems.addMissing(source.node.place, 'name');
  const content = await modelContent(planning, source, values, source.node);
  return { kind: 'model', main: modelPut(planning, values, content, { name: values.name ?? '', isAnonymous: false }) };
}

/** The model of a deployment: a reference, or a definition that is registered first. */
export async function planModelField(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
): Promise<Template | undefined> {
  if (node.kind === 'string') return assetReference(planning, 'models', node.value, node.place);
  const values = readModel(node, at);
  if (values === undefined) return undefined;
  const content = await modelContent(planning, source, values, node);
  const name =
    values.name ??
    createHash('sha256')
      .update(content?.hash ?? '')
      .digest('hex');
  const put = modelPut(planning, values, content, { name, isAnonymous: values.name === undefined });
  return planning.step(put, 'id');
}

function modelPut(
  planning: Planning,
  values: ModelValues,
  content: ModelContent | undefined,
  identity: { readonly name: string; readonly isAnonymous: boolean },
): PutStep {
  const given = values.version ?? (identity.isAnonymous ? '1' : undefined);
  const version: VersionRule = given === undefined ? { rule: 'next' } : { rule: 'given', version: given };
  const flavors =
    values.flavors &&
    Object.fromEntries(
      Object.entries(values.flavors).map(([name, data]) => [name, { data: withPlainNumbers(passThrough(data)) }]),
    );
  return {
    do: 'put',
    key: `model:${identity.name}:${given ?? ''}`,
    collection: 'models',
    name: identity.name,
    version,
    body: {
      properties: compact({
        description: values.description,
        tags: values.tags ?? {},
        properties: { ...values.properties, ...planning.request.lineage },
        isAnonymous: identity.isAnonymous,
        isArchived: false,
        modelType: values.type ?? 'custom_model',
        modelUri: content?.uri,
        flavors,
        stage: values.stage,
      }),
    },
  };
}

interface ModelContent {
  readonly uri: Template;
  /** What an anonymous model is named after. */
  readonly hash: string;
}

async function modelContent(
  planning: Planning,
  source: SourceFile,
  values: ModelValues,
  node: YamlNode,
): Promise<ModelContent | undefined> {
  const path = values.path;
  if (path === undefined) return undefined;
  const place = member(node, 'path')?.place ?? node.place;
  checkModelPath(planning, values, path, place);
  if (isUrl(path) || path.startsWith('runs:/')) return { uri: lengthened(planning, path), hash: path };
  if (parseReference(path).form === 'armId' || path.startsWith('azureml:')) {
    planning.problems.add(
      place,
      `'${path}' cannot be the path of a model. Give a file, a folder, azureml://datastores/<store>/paths/…, ` +
        'azureml://jobs/<job>/outputs/<output> or runs:/<run>/<path>.',
    );
    return undefined;
  }
  const uploaded = await planUpload(planning, localPath(source.folder, path, place, 'The model path'), {
    datastore: datastoreName(values.datastore),
    uriForm: 'long',
    trailingSlash: false,
  });
  return uploaded && { uri: uploaded.uri, hash: uploaded.source.objectHash };
}

function checkModelPath(planning: Planning, values: ModelValues, path: string, place: Place): void {
  const last = path.split('/').findLast((segment) => segment !== '') ?? '';
  if (values.type !== 'mlflow_model' || !/[^.]\./.test(last)) return;
  planning.problems.add(place, `'${path}' looks like a file, but a model of type mlflow_model is a folder.`);
}

/** `azureml://datastores/D/paths/P` with subscription, resource group and workspace in it, as the service wants it of models. */
function lengthened(planning: Planning, uri: string): string {
  const match = /^azureml:\/\/(datastores\/.+)$/.exec(uri);
  if (match?.[1] === undefined) return uri;
  const { subscriptionId, resourceGroup, name } = planning.request.workspace;
  return `azureml://subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/workspaces/${name}/${match[1]}`;
}

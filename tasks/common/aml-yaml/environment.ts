import { anonymousEnvironmentVersion, type InferenceRoutes } from './anonymous-versions.ts';
import type { PutStep, Template, VersionRule } from './plan.ts';
import { loadReferencedFile, type PlannedEntity, type Planning, type SourceFile } from './planning.ts';
import { pythonYamlDump } from './python-yaml-dump.ts';
import {
  anything,
  childAt,
  integer,
  record,
  refuse,
  text,
  textMap,
  textOrNumber,
  type At,
  type Values,
} from './readers.ts';
import { environmentReference, isUrl } from './references.ts';
import { compact, type TemplateObject } from './templates.ts';
import { localPath, planUpload } from './uploads.ts';
import { member, type Place, type YamlNode } from './yaml-node.ts';

const route = record({ path: text, port: integer });

const FIELDS = {
  name: text,
  version: textOrNumber,
  description: text,
  tags: textMap,
  image: text,
  conda_file: anything,
  build: record({ path: text, dockerfile_path: text }, { required: ['path'] }),
  os_type: text,
  inference_config: record({ liveness_route: route, readiness_route: route, scoring_route: route }),
};
type EnvironmentValues = Values<typeof FIELDS>;

const readEnvironment = record(FIELDS);

/** An environment as a file of its own, or one that is given a name where it is used. */
export async function planEnvironment(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readEnvironment(source.node, at);
  if (values === undefined) return undefined;
  if (values.name === undefined) planning.problems.addMissing(source.node.place, 'name');
  const main = await namedEnvironment(planning, source, values, source.node, at);
  return { kind: 'environment', main };
}

/**
 * The environment of a job, component or deployment: a reference, or a definition that is registered first.
 *
 * @param naming `anonymous`: a name in the definition is passed over, as jobs and components do; `byName`: a definition with a
 * name is registered under it
 */
export async function planEnvironmentField(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
  naming: 'anonymous' | 'byName',
): Promise<Template | undefined> {
  if (node.kind !== 'map') return environmentReference(planning, node, at);
  const values = readEnvironment(node, at);
  if (values === undefined) return undefined;
  const put =
    naming === 'byName' && values.name !== undefined
      ? await namedEnvironment(planning, source, values, node, at)
      : await anonymousEnvironment(planning, source, values, node, at);
  return planning.step(put, 'id');
}

async function namedEnvironment(
  planning: Planning,
  source: SourceFile,
  values: EnvironmentValues,
  node: YamlNode,
  at: At,
): Promise<PutStep> {
  const name = values.name ?? '';
  const content = await environmentContent(planning, source, values, node, at);
  const version: VersionRule =
    values.version === undefined ? { rule: 'latestThenNext' } : { rule: 'given', version: values.version };
  return {
    do: 'put',
    key: `environment:${name}:${values.version ?? ''}`,
    collection: 'environments',
    name,
    version,
    body: { properties: { ...content.properties, isAnonymous: false, isArchived: false } },
  };
}

async function anonymousEnvironment(
  planning: Planning,
  source: SourceFile,
  values: EnvironmentValues,
  node: YamlNode,
  at: At,
): Promise<PutStep> {
  const { properties, contextHash, condaFile } = await environmentContent(planning, source, values, node, at);
  const version = anonymousEnvironmentVersion({
    image: values.image,
    condaFile,
    inferenceConfig: inferenceRoutes(values),
    build: contextHash === undefined ? undefined : { contextHash, dockerfilePath: values.build?.dockerfile_path },
  });
  return {
    do: 'put',
    key: `environment:anonymous:${version}`,
    collection: 'environments',
    name: 'CliV2AnonymousEnvironment',
    version: { rule: 'given', version },
    body: { properties: { ...properties, isAnonymous: true, isArchived: false } },
  };
}

interface EnvironmentContent {
  readonly properties: TemplateObject;
  readonly condaFile: string | undefined;
  readonly contextHash: string | undefined;
}

async function environmentContent(
  planning: Planning,
  source: SourceFile,
  values: EnvironmentValues,
  node: YamlNode,
  at: At,
): Promise<EnvironmentContent> {
  checkBase(values, node, at);
  const condaFile = await dumpedCondaFile(planning, source, values.conda_file, childAt(at, 'conda_file'));
  const build = await buildContext(planning, source, values, member(node, 'build')?.place ?? node.place);
  const routes = inferenceRoutes(values);
  const properties = compact({
    description: values.description,
    tags: values.tags,
    image: values.image,
    condaFile,
    build:
      build === undefined
        ? undefined
        : compact({ contextUri: build.uri, dockerfilePath: values.build?.dockerfile_path }),
    osType: values.os_type,
    inferenceConfig:
      routes &&
      compact(
        Object.fromEntries(
          Object.entries(routes).map(([name, value]) => [
            name,
            value === undefined ? undefined : compact({ ...value }),
          ]),
        ),
      ),
  });
  return { properties, condaFile, contextHash: build?.hash };
}

function checkBase(values: EnvironmentValues, node: YamlNode, at: At): void {
  const where = at.path === '' ? 'The environment' : `'${at.path}'`;
  if (values.image !== undefined && values.build !== undefined) {
    at.problems.add(node.place, `${where} has both 'image' and 'build'; an environment is made from one of them.`);
  } else if (member(node, 'image') === undefined && member(node, 'build') === undefined) {
    at.problems.add(node.place, `${where} needs 'image' (with 'conda_file' if packages are to be added) or 'build'.`);
  }
}

/** The conda file or the definition in its place, as the service's client dumps it. */
async function dumpedCondaFile(
  planning: Planning,
  source: SourceFile,
  node: YamlNode | undefined,
  at: At,
): Promise<string | undefined> {
  if (node === undefined) return undefined;
  if (node.kind === 'map') return pythonYamlDump(node);
  if (node.kind !== 'string') {
    refuse(node, at, 'a path or a conda definition');
    return;
  }
  const file = await loadReferencedFile(planning, source, node.value, node.place);
  if (file === undefined) return undefined;
  if (file.node.kind === 'map') return pythonYamlDump(file.node);
  at.problems.add(node.place, `'${node.value}' is no conda file: it must hold a mapping.`);
  return undefined;
}

async function buildContext(
  planning: Planning,
  source: SourceFile,
  values: EnvironmentValues,
  place: Place,
): Promise<{ readonly uri: Template; readonly hash: string } | undefined> {
  const path = values.build?.path;
  if (path === undefined) return undefined;
  if (isUrl(path)) return { uri: path, hash: path };
  const uploaded = await planUpload(planning, localPath(source.folder, path, place, 'The build context'), {
    uriForm: 'https',
    trailingSlash: true,
  });
  return uploaded && { uri: uploaded.uri, hash: uploaded.source.objectHash };
}

function inferenceRoutes(values: EnvironmentValues): InferenceRoutes | undefined {
  const config = values.inference_config;
  if (config === undefined) return undefined;
  const routeOf = (value: { readonly path?: string; readonly port?: number } | undefined) =>
    value && { path: value.path, port: value.port };
  return {
    livenessRoute: routeOf(config.liveness_route),
    readinessRoute: routeOf(config.readiness_route),
    scoringRoute: routeOf(config.scoring_route),
  };
}

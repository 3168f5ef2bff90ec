import { createHash } from 'node:crypto';
import type { JsonObject } from '../domain/json.ts';
import { pythonJson } from './python-json.ts';
import { pythonYamlDump } from './python-yaml-dump.ts';
import { mapNode, type Place, type YamlNode } from './yaml-node.ts';

/**
 * The version of an anonymous component: a hash over its resolved spec, so that equal components are one.
 *
 * @param componentSpec `PutStep.hashedSpec` where the step has one, else the componentSpec that is sent; ids resolved
 */
export function anonymousComponentVersion(componentSpec: JsonObject): string {
  return specHash(componentSpec, ['name', 'id', 'version', '_source']);
}

/** The `client_component_hash` property of a named component, over the same spec. */
export function clientComponentHash(componentSpec: JsonObject): string {
  return specHash(componentSpec, ['version', '_source']);
}

function specHash(spec: JsonObject, leftOut: readonly string[]): string {
  const hashed = Object.fromEntries(Object.entries(spec).filter(([key]) => !leftOut.includes(key)));
  return hashedGuid(pythonJson(hashed));
}

/** The SHA-256 of a text, its first half written as a GUID. */
export function hashedGuid(text: string): string {
  const hex = sha256(text);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** What an inline environment is made of. */
export interface AnonymousEnvironment {
  readonly image: string | undefined;
  /** The dumped conda file. */
  readonly condaFile: string | undefined;
  readonly inferenceConfig: InferenceRoutes | undefined;
  readonly build: { readonly contextHash: string; readonly dockerfilePath: string | undefined } | undefined;
}

export interface InferenceRoute {
  readonly path: string | undefined;
  readonly port: number | undefined;
}
export type InferenceRoutes = Readonly<
  Record<'livenessRoute' | 'readinessRoute' | 'scoringRoute', InferenceRoute | undefined>
>;

/** The version of an inline environment: equal definitions share one, and so the image that was built for it. */
export function anonymousEnvironmentVersion(environment: AnonymousEnvironment): string {
  const { build, image, inferenceConfig, condaFile } = environment;
  if (build !== undefined) {
    const context = sha256(build.contextHash);
    return sha256(build.dockerfilePath === undefined ? context : interleave(context, sha256(build.dockerfilePath)));
  }
  let seed = sha256(image ?? '');
  if (inferenceConfig !== undefined) seed = interleave(seed, sha256(inferenceText(inferenceConfig)));
  if (condaFile !== undefined) seed = interleave(seed, sha256(condaFile));
  return sha256(seed);
}

/** Python's `separator.join(text)`: the separator between all characters of the text. */
function interleave(separator: string, text: string): string {
  return Array.from(text).join(separator);
}

const NOWHERE: Place = { file: '' };
const MODELS = '!!python/object:azure.ai.ml._restclient.arm_ml_service.models._models';

/** The service's client hashes a dump of its own model objects, so its class names are part of the version. */
function inferenceText(routes: InferenceRoutes): string {
  const lines = [`${MODELS}.InferenceContainerProperties`, '_data:'];
  for (const name of ['livenessRoute', 'readinessRoute', 'scoringRoute'] as const) {
    const route = routes[name];
    if (route === undefined) continue;
    lines.push(`  ${name}: ${MODELS}.Route`, '    _data:', ...routeLines(route).map((line) => `      ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function routeLines({ path, port }: InferenceRoute): readonly string[] {
  const members: [string, YamlNode][] = [];
  if (path !== undefined) members.push(['path', { kind: 'string', value: path, place: NOWHERE }]);
  if (port !== undefined) members.push(['port', { kind: 'integer', value: BigInt(port), place: NOWHERE }]);
  return members.length === 0 ? [] : pythonYamlDump(mapNode(NOWHERE, members)).trimEnd().split('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

import { childArmId } from '../domain/workspace-id.ts';
import type { ResolveLatestStep, Template } from './plan.ts';
import type { Planning } from './planning.ts';
import { refuse, type At } from './readers.ts';
import type { Place, YamlNode } from './yaml-node.ts';

export type AssetCollection = ResolveLatestStep['collection'];

/** What a text can refer to, by its form alone. */
export type Reference =
  | { readonly form: 'armId'; readonly id: string }
  | { readonly form: 'registry'; readonly uri: string }
  | { readonly form: 'label'; readonly name: string; readonly label: string }
  | { readonly form: 'version'; readonly name: string; readonly version: string }
  | { readonly form: 'name'; readonly name: string };

const PREFIX = 'azureml:';

/** Reads `azureml:name:version`, `azureml:name@label`, ARM ids and registry URIs; the prefix may be missing. */
export function parseReference(written: string): Reference {
  if (written.startsWith('azureml://')) return { form: 'registry', uri: written };
  const bare = written.startsWith(PREFIX) ? written.slice(PREFIX.length) : written;
  if (/^\/subscriptions\//i.test(bare)) return { form: 'armId', id: bare };
  const colon = bare.indexOf(':');
  if (colon >= 0) return { form: 'version', name: bare.slice(0, colon), version: bare.slice(colon + 1) };
  const at = bare.indexOf('@');
  if (at >= 0) return { form: 'label', name: bare.slice(0, at), label: bare.slice(at + 1) };
  return { form: 'name', name: bare };
}

/** `${{…}}`: resolved by the service, so it passes as it is. */
export function isBinding(written: string): boolean {
  return /^\$\{\{.*\}\}$/s.test(written.trim());
}

/** A scheme and a network location: used as it is, never as a path. */
export function isUrl(written: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]+/i.test(written);
}

/**
 * The id of a compute target: `{workspace}/computes/<name>`. A name may hold further colons; an ARM id and a binding stay as
 * they are.
 */
export function computeId(planning: Planning, written: string): string {
  if (isBinding(written)) return written;
  const bare = written.startsWith(PREFIX) ? written.slice(PREFIX.length) : written;
  return bare.startsWith('/subscriptions/') ? bare : childArmId(planning.request.workspace, 'computes', bare);
}

/** The name of a compute of this workspace whose existence can be checked; undefined for serverless, bindings and ARM ids. */
export function checkableComputeName(written: string): string | undefined {
  const bare = written.startsWith(PREFIX) ? written.slice(PREFIX.length) : written;
  return isBinding(bare) || bare.startsWith('/') || bare === 'serverless' || bare === 'local' ? undefined : bare;
}

/**
 * What stands for a registered asset in a body: its ARM id, a registry's URI, or the result of looking up `@latest`. Undefined
 * after reporting a reference without a version.
 */
export function assetReference(
  planning: Planning,
  collection: AssetCollection,
  written: string,
  place: Place,
): Template | undefined {
  const reference = parseReference(written);
  if (planning.request.registry !== undefined && reference.form !== 'registry') {
    planning.problems.add(place, workspaceReference(planning.request.registry, collection, written));
    return undefined;
  }
  const id = (...rest: readonly string[]): string => childArmId(planning.request.workspace, collection, ...rest);
  switch (reference.form) {
    case 'armId':
      return reference.id;
    case 'registry':
      return reference.uri;
    case 'version':
      return id(reference.name, 'versions', reference.version);
    case 'label':
      if (reference.label === 'latest') return resolveLatest(planning, collection, reference.name);
      if (reference.label === 'default' && collection === 'components') return id(reference.name, 'labels', 'default');
      planning.problems.add(
        place,
        `'${written}' has the label '${reference.label}', which cannot be looked up. Use @latest or a version.`,
      );
      return undefined;
    case 'name':
      planning.problems.add(
        place,
        `'${written}' has no version. Write azureml:${reference.name}:<version> or azureml:${reference.name}@latest.`,
      );
      return undefined;
  }
}

/** Assets of a registry may refer to those of registries alone. */
function workspaceReference(registry: string, collection: AssetCollection, written: string): string {
  return (
    `'${written}' names an asset of a workspace, which nothing in a registry can refer to. ` +
    `Write azureml://registries/${registry}/${collection}/<name>/versions/<version>.`
  );
}

function resolveLatest(planning: Planning, collection: AssetCollection, name: string): Template {
  return planning.step({ do: 'resolveLatest', key: `latest:${collection}/${name}`, collection, name }, 'id');
}

/** The environments Microsoft provides have no asset in the workspace: the service knows them by this very text. */
function isCurated(written: string): boolean {
  return /^azureml:AzureML-/i.test(written);
}

/** A reference to an environment that is registered in the workspace or a registry, or provided by the service. */
export function environmentReference(planning: Planning, node: YamlNode, at: At): Template | undefined {
  if (node.kind !== 'string') {
    refuse(node, at, 'a reference to an environment or its definition');
    return;
  }
  const written = node.value;
  if (isCurated(written) || isBinding(written)) return written;
  if (!written.startsWith(PREFIX) && !written.startsWith('/subscriptions/')) {
    at.problems.add(
      node.place,
      `'${at.path}' is '${written}', which names no environment. An existing one is written azureml:${written}:<version>, ` +
        `azureml:${written}@latest, azureml://registries/<registry>/environments/… or with its ARM id; a new one as a mapping.`,
    );
    return undefined;
  }
  return assetReference(planning, 'environments', written, node.place);
}

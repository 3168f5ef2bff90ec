/** Names of resources in a workspace, and the ways users write a reference to one. */
import { childArmId, type WorkspaceId } from './workspace-id.ts';

/** Names of jobs: as the service takes them. */
const JOB_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$/;
/** Names of endpoints; unique within a region, 3 to 32 characters. */
const ENDPOINT_NAME = /^(?=.{3,32}$)[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?$/;
/** Names of assets and of their versions. */
const ASSET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/** A sentence when the name cannot be one of this kind; undefined when it can. */
export function nameProblem(kind: 'job' | 'endpoint' | 'deployment' | 'model', name: string): string | undefined {
  switch (kind) {
    case 'job':
      return JOB_NAME.test(name)
        ? undefined
        : `'${name}' is not a name for a job: use letters, digits, - and _, at most 255, and start with a letter or digit.`;
    case 'endpoint':
    case 'deployment':
      return ENDPOINT_NAME.test(name)
        ? undefined
        : `'${name}' is not a name for an ${kind === 'endpoint' ? 'endpoint' : "endpoint's deployment"}: use 3 to 32 ` +
            'letters, digits and -, start with a letter and do not end with -.';
    case 'model':
      return ASSET_NAME.test(name)
        ? undefined
        : `'${name}' is not a name for a model: use letters, digits, ., - and _, and start with a letter or digit.`;
  }
}

/** Letters, digits and single dashes of a text, cut to a length: a part of a name. */
export function nameSlug(text: string, length: number): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, length);
  return slug.replace(/^-+|-+$/g, '');
}

export interface ModelReference {
  readonly name: string;
  readonly version: string;
}

/**
 * A model as users write it: `name:version`, `azureml:name:version`, a Resource Manager id with or without `azureml:`.
 * Undefined for anything else, registries included.
 */
export function modelReference(text: string): ModelReference | undefined {
  const plain = text.trim().replace(/^azureml:(?!\/\/)/, '');
  const match =
    /\/models\/([^/]+)\/versions\/([^/]+)$/i.exec(plain) ??
    /^([A-Za-z0-9][A-Za-z0-9._-]*):([A-Za-z0-9._-]+)$/.exec(plain);
  const [, name, version] = match ?? [];
  if (name === undefined || version === undefined || plain.startsWith('azureml://')) return undefined;
  return { name, version };
}

/** The model's Resource Manager id in a workspace. */
export function modelArmId(workspace: WorkspaceId, model: ModelReference): string {
  return childArmId(workspace, 'models', model.name, 'versions', model.version);
}

/** The URI of a job's named output; with a path, of what lies there inside the output. */
export function jobOutputUri(job: string, output: string, path?: string): string {
  const inside = path === undefined || path === '' ? '' : `/paths/${path.replace(/^\/+/, '')}`;
  return `azureml://jobs/${job}/outputs/${output}${inside}`;
}

export interface ComponentReference {
  /** Undefined for one of the workspace. */
  readonly registry: string | undefined;
  readonly name: string;
  /** Undefined for the newest one. */
  readonly version: string | undefined;
}

/** A registered component as users write it; undefined for anything else, such as a file. */
export function registeredComponent(text: string): ComponentReference | undefined {
  const [, registry, registered, atVersion] =
    /^azureml:\/\/registries\/([^/]+)\/components\/([^/]+)\/(?:versions\/([^/]+)|labels\/(?:latest|default))$/.exec(
      text,
    ) ?? [];
  if (registered !== undefined) {
    return { registry, name: registered, version: atVersion };
  }
  const plain = text.replace(/^azureml:(?!\/\/)/, '');
  const [, name, version] =
    /\/workspaces\/[^/]+\/components\/([^/]+)\/versions\/([^/]+)$/i.exec(plain) ??
    /^([A-Za-z0-9][A-Za-z0-9._-]*):([A-Za-z0-9._-]+)$/.exec(plain) ??
    /^([A-Za-z0-9][A-Za-z0-9._-]*)@latest$/.exec(plain) ??
    [];
  return name === undefined ? undefined : { registry: undefined, name, version };
}

/** Rings: the same extension under ids of its own, so that it can be tried beside the released one. */
import { createHash } from 'node:crypto';
import type { ExtensionManifest } from '../generate/manifest.ts';
import type { Task } from '../task-contract.ts';

export const RINGS = ['dev', 'test', 'release'] as const;
export type Ring = (typeof RINGS)[number];

export interface Stamp {
  /** `x.y.z` */
  readonly version: string;
  readonly ring: Ring;
}

export function isRing(text: string): text is Ring {
  return RINGS.some((ring) => ring === text);
}

/** The manifest with its version, and outside the release ring with another id and no public listing. */
export function manifestOf(manifest: ExtensionManifest, { version, ring }: Stamp): ExtensionManifest {
  if (ring === 'release') return { ...manifest, version };
  return {
    ...manifest,
    version,
    id: `${manifest.id}-${ring}`,
    name: `${String(manifest.name)} (${ring})`,
    public: false,
  };
}

/**
 * task.json as it is shipped: Minor.Patch from the version, Major from the task itself, because that is what pipelines
 * name. Outside the release ring the id is made from the extension's, the same each time.
 */
export function taskJsonOf(task: Task, manifest: ExtensionManifest, { version, ring }: Stamp): object {
  const [, minor, patch] = version.split('.').map(Number);
  const id = ring === 'release' ? task.json.id : uuidV5(`${manifest.publisher}.${manifest.id}.${task.name}`);
  return { ...task.json, id, version: { Major: task.json.version.Major, Minor: minor, Patch: patch } };
}

/** RFC 9562's namespace for URLs. */
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/** A UUID that follows from a name (RFC 9562, version 5). */
export function uuidV5(name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(URL_NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

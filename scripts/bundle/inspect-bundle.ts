/** What a bundle is made of, from esbuild's metafile, and what must not be in it. */
import type { Metafile } from 'esbuild';

/** What a task's code may weigh, in bytes. */
export const TASK_BUDGET = 1_300_000;

type Output = Metafile['outputs'][string];

/** A package in a bundle; `root` is its folder, relative to the repository. */
export interface BundledPackage {
  readonly name: string;
  readonly root: string;
}

/** The packages an output is made of, each root once, by name. */
export function packagesOf(output: Output): readonly BundledPackage[] {
  const roots = new Map<string, BundledPackage>();
  for (const file of Object.keys(output.inputs)) {
    const found = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file);
    if (found?.[1] !== undefined && found[2] !== undefined) roots.set(found[1], { root: found[1], name: found[2] });
  }
  return [...roots.values()].sort((left, right) => (left.root < right.root ? -1 : 1));
}

/**
 * Sentences on what must not be in a task's bundle: one package from two places (two copies of a module's state), and
 * azure-devops-node-api as a whole (it triples the bundle; its sub-paths are small).
 */
export function bundleProblems(file: string, output: Output): readonly string[] {
  const packages = packagesOf(output);
  const names = new Set(packages.map(({ name }) => name));
  const twice = [...names]
    .map((name) => packages.filter((found) => found.name === name))
    .filter((same) => same.length > 1);
  const wholeApi = Object.keys(output.inputs).some((input) => input.endsWith('/azure-devops-node-api/WebApi.js'));
  return [
    ...twice.map((same) => `${file} holds ${same[0]?.name ?? ''} twice: ${same.map(({ root }) => root).join(' and ')}`),
    ...(wholeApi ? [`${file} imports azure-devops-node-api by its root; import the sub-path you need`] : []),
  ];
}

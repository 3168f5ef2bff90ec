/** Whether the machines of a deployment fit into the quota of Azure Machine Learning in a region. */
import { at, textAt, type Json } from './json.ts';
import { nearest } from './spelling.ts';

export interface VmSize {
  readonly name: string;
  /** `standardDSv2Family` */
  readonly family: string;
  readonly cores: number;
}

/** The sizes of a region: answer of `locations/{region}/vmSizes`. */
export function vmSizes(answer: Json | undefined): readonly VmSize[] {
  return listAt(answer).flatMap((size) => {
    const [name, family, cores] = [textAt(size, 'name'), textAt(size, 'family'), Number(at(size, 'vCPUs') ?? NaN)];
    return name === undefined || family === undefined || Number.isNaN(cores) ? [] : [{ name, family, cores }];
  });
}

/** A sentence when a size is none of the region's; undefined when it is one, or when the region's are not known. */
export function sizeProblem(name: string, sizes: readonly VmSize[], region: string): string | undefined {
  if (sizes.length === 0 || findSize(name, sizes) !== undefined) return undefined;
  const close = nearest(
    name,
    sizes.map((size) => size.name),
  );
  const hint = close === undefined ? '' : ` Did you mean ${close}?`;
  return `'${name}' is no machine size of Azure Machine Learning in ${region}.${hint}`;
}

export function findSize(name: string, sizes: readonly VmSize[]): VmSize | undefined {
  return sizes.find((size) => size.name.toLowerCase() === name.toLowerCase());
}

export interface Quota {
  /** As the portal calls it. */
  readonly name: string;
  readonly used: number;
  /** -1: none. */
  readonly limit: number;
}

/**
 * The quotas that count for a family of machines: its own and that of the whole region. From the answer of
 * `locations/{region}/usages`, whose list also has the parts of workspaces and clusters.
 */
export function quotasOf(family: string, usages: readonly Json[]): readonly Quota[] {
  const own = [normal(family), `${normal(family)}clusterdedicatedvcpus`];
  return usages.flatMap((usage) => {
    const names = [textAt(usage, 'name', 'value') ?? '', textAt(usage, 'name', 'localizedValue') ?? ''];
    const isPart = [textAt(usage, 'type') ?? '', textAt(usage, 'id') ?? ''].some((text) =>
      /\/workspaces?\//i.test(text),
    );
    const counts = names.some((name) => own.includes(normal(name)) || REGION_TOTAL.test(name));
    const [used, limit] = [Number(at(usage, 'currentValue') ?? NaN), Number(at(usage, 'limit') ?? NaN)];
    if (isPart || !counts || Number.isNaN(used) || Number.isNaN(limit)) return [];
    return [{ name: names[1] === '' ? (names[0] ?? '') : (names[1] ?? ''), used, limit }];
  });
}

const REGION_TOTAL = /^Total Cluster Dedicated Regional vCPUs$/i;

/** Names of families come as `standardDSv2Family` and as `Standard DSv2 Family`. */
function normal(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** True when so many more cores do not fit. */
export function exceeds({ used, limit }: Quota, cores: number): boolean {
  return limit >= 0 && used + cores > limit;
}

/**
 * Cores that the service asks quota for: for most sizes it keeps a fifth more instances ready for its own upgrades
 * (documentation "Manage resources and quotas", managed online endpoints).
 */
export function reservedCores(instances: number, coresEach: number): number {
  return Math.ceil(1.2 * instances) * coresEach;
}

function listAt(answer: Json | undefined): readonly Json[] {
  const value = at(answer, 'value');
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

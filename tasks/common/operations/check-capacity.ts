/** Whether the machines of a new deployment exist in the region and fit into its quota beside those that run. */
import { at, textAt, type Json } from '../domain/json.ts';
import { exceeds, findSize, quotasOf, reservedCores, sizeProblem, vmSizes } from '../domain/vm-quota.ts';
import type { Problem } from '../errors.ts';
import type { CheckedRollout } from './check-rollout.ts';
import { lookUp } from './look-up.ts';
import type { Context } from './task-context.ts';

/** Blue and green run side by side, so that what the new one needs must be free now. */
export async function checkCapacity(context: Context, rollout: CheckedRollout): Promise<readonly Problem[]> {
  const { workspace, agent } = context;
  const { deployment } = rollout;
  const body = deployment.main.body as Json;
  const instanceType = textAt(body, 'properties', 'instanceType');
  if (instanceType === undefined || textAt(body, 'properties', 'endpointComputeType') === 'Kubernetes') return [];
  const region = await workspace.location();
  const options = { scope: 'subscription', signal: agent.signal } as const;
  const sizes = vmSizes(
    await lookUp(context, `the machine sizes of ${region}`, () =>
      workspace.get(`locations/${region}/vmSizes`, options),
    ),
  );
  const unknown = sizeProblem(instanceType, sizes, region);
  if (unknown !== undefined) return [{ file: deployment.file, message: unknown }];
  const size = findSize(instanceType, sizes);
  if (size === undefined) return [];
  const usages = await lookUp(context, `the quota of ${region}`, async () => {
    const found: Json[] = [];
    for await (const usage of workspace.list(`locations/${region}/usages`, options)) found.push(usage);
    return found;
  });
  const instances = Number(at(body, 'sku', 'capacity') ?? 1);
  const cores = { needed: instances * size.cores, held: await heldCores(context, rollout, size.cores, instanceType) };
  return quotasOf(size.family, usages ?? []).flatMap((quota) => {
    const more = cores.needed - cores.held;
    const free = Math.max(0, quota.limit - quota.used);
    const subject = `${instances} × ${size.name} beside what runs already`;
    if (exceeds(quota, more)) {
      const message = `${subject} need ${more} more vCPUs of '${quota.name}' in ${region}, and ${free} of ${quota.limit} are free. `;
      return [
        { file: deployment.file, message: `${message}Ask for more quota, or choose another size or fewer instances.` },
      ];
    }
    if (exceeds(quota, reservedCores(instances, size.cores) - cores.held)) {
      agent.log.warning(
        `${subject} fit into '${quota.name}' (${free} vCPUs free), but not the fifth that the service keeps for its own ` +
          'upgrades of most sizes: the deployment may be refused for want of quota.',
      );
    }
    return [];
  });
}

/** A deployment that is replaced gives its own machines back. */
async function heldCores(
  { workspace, agent }: Context,
  { endpointName, next }: CheckedRollout,
  coresEach: number,
  instanceType: string,
): Promise<number> {
  const path = `onlineEndpoints/${endpointName}/deployments/${next}`;
  const existing = await workspace.get(path, { signal: agent.signal });
  const isSameSize = textAt(existing, 'properties', 'instanceType')?.toLowerCase() === instanceType.toLowerCase();
  return isSameSize ? Number(at(existing, 'sku', 'capacity') ?? 0) * coresEach : 0;
}

/**
 * The ways a deployment fails that are not its script's doing, set by fault rules. A switch's target is matched with the
 * deployment's ARM id.
 *
 * - `deploymentQuota`: its PUT is refused, because there are not enough cores of its instance type (`quotaLimit`, matched
 *   with a family of machines, sets the `limit` that usages tell and PUTs are held against);
 * - `imagePullFailure`: provisioning ends as Failed before the container starts;
 * - `scoringScriptFailure`: its container ends when it starts; `message` becomes the end of its log;
 * - `deploymentDown`: it is there, but no instance answers, as long as the switch is set;
 * - `identityMissing`: provisioning ends as Failed, because its identity may not read its code, model or image;
 * - `probeFailure`: provisioning ends as Failed, because the container never becomes ready;
 * - `failScoring`: `percent` of its requests (all by default) are answered with `status` (500 by default; 424 as if the
 *   model had failed);
 * - `slowScoring`: its answers take `ms` virtual milliseconds longer; `percent` as above;
 * - `metricsMissing` (matched with the endpoint's id too): Azure Monitor has no values of it;
 * - `deploymentLoad`: Azure Monitor tells `cpuPercent` and `memoryPercent` as set.
 *
 * `stuckOperation` and `failOperation` work for every long-running operation, these included.
 */
import { quotaText } from '../arm/quota.ts';
import type { EmulatorContext } from '../context.ts';
import { textAt, type JsonObject } from '../json.ts';
import { OperationFailure } from '../operations.ts';

type Faults = EmulatorContext['faults'];

/** Why the PUT of this deployment is refused for want of quota that a rule takes away; undefined when it is not. */
export function takeQuotaFailure(
  context: Pick<EmulatorContext, 'faults' | 'settings'>,
  id: string,
  instanceType: string,
): string | undefined {
  if (context.faults.take('deploymentQuota', id) === undefined) return undefined;
  return quotaText(context, instanceType, { used: 0, limit: 6, needed: 8 });
}

/** How the operation ends when the image cannot be pulled; undefined when it can. */
export function takeImagePullFailure(faults: Faults, id: string): OperationFailure | undefined {
  return faults.take('imagePullFailure', id) === undefined
    ? undefined
    : badArgument('Unable to download user container image during deployment creation.');
}

/** What the container's log ends with when it is to fail; undefined when it is not. */
export function takeScriptFailure(faults: Faults, id: string): string | undefined {
  const fault = faults.take('scoringScriptFailure', id);
  if (fault === undefined) return undefined;
  const reason = textAt(fault.parameters, 'message') ?? 'RuntimeError: failure set by a fault rule';
  return `E [1] azmlinfsrv - User's init function failed\n${reason}\n`;
}

/** How the operation ends when the identity of the endpoint lacks a role; undefined when it does not. */
export function takeIdentityFailure(faults: Faults, id: string): OperationFailure | undefined {
  if (faults.take('identityMissing', id) === undefined) return undefined;
  return badArgument(
    'Authorization error: the identity of the endpoint does not have permission to perform action Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read. Please assign the Storage Blob Data Reader role to it.',
  );
}

/** True when the container starts and its probes fail all the same. */
export function takeProbeFailure(faults: Faults, id: string): boolean {
  return faults.take('probeFailure', id) !== undefined;
}

export interface ScoringFault {
  /** Undefined: it is answered as ever. */
  readonly status: number | undefined;
  readonly message: string;
  /** Virtual milliseconds the answer takes longer. */
  readonly delayMs: number;
}

/** What goes wrong with each request, in a fixed order: of a hundred in a row exactly the percentage, well mixed. */
export function createScoringFaults(faults: Faults): (deployment: string) => ScoringFault {
  const credits = new Map<string, number>();
  const parametersOf = (name: string, deployment: string): JsonObject | undefined => {
    const fault = faults.isSet(name, deployment) ? faults.take(name, deployment) : undefined;
    if (fault === undefined) return undefined;
    const key = `${name} ${deployment}`;
    const credit = (credits.get(key) ?? 0) + numberAt(fault.parameters, 'percent', 100);
    credits.set(key, credit >= 100 ? credit - 100 : credit);
    return credit >= 100 ? fault.parameters : undefined;
  };
  return (deployment) => {
    const failing = parametersOf('failScoring', deployment);
    const slow = parametersOf('slowScoring', deployment);
    return {
      status: failing === undefined ? undefined : numberAt(failing, 'status', 500),
      message: textAt(failing, 'message') ?? 'Internal Server Error',
      delayMs: slow === undefined ? 0 : numberAt(slow, 'ms', 1000),
    };
  };
}

function numberAt(parameters: JsonObject, name: string, otherwise: number): number {
  const value = parameters[name];
  return typeof value === 'number' ? value : otherwise;
}

export function isHeldDown(faults: Faults, id: string): boolean {
  return faults.isSet('deploymentDown', id);
}

/** What the user gave cannot be used: an image, a model or code that is not there. */
export function badArgument(reason: string): OperationFailure {
  const guide = 'Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-badargument';
  return new OperationFailure('BadArgument', `${reason} ${guide}`);
}

/** The container ended, or never became ready. */
export function containerCrashed(): OperationFailure {
  return new OperationFailure(
    'ResourceNotReady',
    'User container has crashed or terminated: Liveness probe failed: HTTP probe failed with statuscode: 502. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready',
  );
}

/**
 * The ways a deployment fails that are not its script's doing, set by fault rules. A switch's target is matched with the
 * deployment's ARM id.
 *
 * - `deploymentQuota`: its PUT is refused, because there are not enough cores of its instance type;
 * - `imagePullFailure`: provisioning ends as Failed before the container starts;
 * - `scoringScriptFailure`: its container ends when it starts; `message` becomes the end of its log;
 * - `deploymentDown`: it is there, but no instance answers, as long as the switch is set.
 *
 * `stuckOperation` and `failOperation` work for every long-running operation, these included.
 */
import type { EmulatorContext } from '../context.ts';
import { textAt } from '../json.ts';
import { OperationFailure } from '../operations.ts';

type Faults = EmulatorContext['faults'];

/** Why the PUT of this deployment is refused for want of quota, in the service's words; undefined when it is not. */
export function takeQuotaFailure(
  { faults, settings }: Pick<EmulatorContext, 'faults' | 'settings'>,
  id: string,
  instanceType: string,
): string | undefined {
  if (faults.take('deploymentQuota', id) === undefined) return undefined;
  return `Not enough quota available for ${instanceType} in SubscriptionId ${settings.subscriptionId}. Current usage/limit: 0/6. Additional needed: 8 Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-outofquota`;
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

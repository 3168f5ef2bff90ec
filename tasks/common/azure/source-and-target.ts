/** The inputs by which a task names two places, of which each is a workspace or a registry. */
import { UserError, type Problem } from '../errors.ts';

export interface SourceAndTargetInputs {
  readonly sourceAzureSubscription: string;
  readonly sourceSubscriptionId: string | undefined;
  readonly sourceResourceGroupName: string | undefined;
  readonly sourceWorkspaceName: string | undefined;
  readonly sourceRegistryName: string | undefined;
  readonly targetAzureSubscription: string | undefined;
  readonly targetSubscriptionId: string | undefined;
  readonly targetResourceGroupName: string | undefined;
  readonly targetWorkspaceName: string | undefined;
  readonly targetRegistryName: string | undefined;
  readonly allowStorageKey: boolean;
}

/** One of the two, by the names the workspace's own inputs have. */
export interface PlaceInputs {
  readonly azureSubscription: string;
  readonly subscriptionId: string | undefined;
  readonly resourceGroupName: string | undefined;
  readonly workspaceName: string | undefined;
  readonly registryName: string | undefined;
  readonly allowStorageKey: boolean;
}

/** Both places. Throws UserError where one is named twice or not at all, with every problem. */
export function readSourceAndTarget(inputs: SourceAndTargetInputs): {
  readonly source: PlaceInputs;
  readonly target: PlaceInputs;
} {
  const { allowStorageKey } = inputs;
  const places = {
    source: {
      azureSubscription: inputs.sourceAzureSubscription,
      subscriptionId: inputs.sourceSubscriptionId,
      resourceGroupName: inputs.sourceResourceGroupName,
      workspaceName: inputs.sourceWorkspaceName,
      registryName: inputs.sourceRegistryName,
      allowStorageKey,
    },
    target: {
      azureSubscription: inputs.targetAzureSubscription ?? inputs.sourceAzureSubscription,
      subscriptionId: inputs.targetSubscriptionId,
      resourceGroupName: inputs.targetResourceGroupName,
      workspaceName: inputs.targetWorkspaceName,
      registryName: inputs.targetRegistryName,
      allowStorageKey,
    },
  };
  const problems = Object.entries(places).flatMap(([side, { workspaceName, registryName }]): readonly Problem[] =>
    (workspaceName === undefined) === (registryName === undefined)
      ? [
          {
            message: `Give the ${side} either as '${side}WorkspaceName' or as '${side}RegistryName', not both and not neither.`,
          },
        ]
      : [],
  );
  if (problems.length > 0) throw new UserError(problems);
  return places;
}

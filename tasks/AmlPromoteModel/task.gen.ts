// Generated from task.json by `npm run generate`; edit that instead.
import type { InputReader } from '../common/agent/inputs.ts';

export interface Inputs {
  /** The service connection that reads the source: workload identity federation, managed identity, or a service principal with a secret or certificate. */
  readonly sourceAzureSubscription: string;
  /** The subscription of the source workspace. Only needed for a connection that is not scoped to a subscription. A registry needs none. */
  readonly sourceSubscriptionId: string | undefined;
  /** The resource group of the source workspace. */
  readonly sourceResourceGroupName: string | undefined;
  /** The workspace the model comes from. Give this or the source registry. */
  readonly sourceWorkspaceName: string | undefined;
  /** The registry the model comes from. Give this or the source workspace. */
  readonly sourceRegistryName: string | undefined;
  /** The service connection that writes the target; it may belong to another subscription or tenant. Empty: the source's connection. */
  readonly targetAzureSubscription: string | undefined;
  /** The subscription of the target workspace. Only needed for a connection that is not scoped to a subscription. A registry needs none. */
  readonly targetSubscriptionId: string | undefined;
  /** The resource group of the target workspace. */
  readonly targetResourceGroupName: string | undefined;
  /** The workspace the model goes to. Give this or the target registry. */
  readonly targetWorkspaceName: string | undefined;
  /** The registry the model goes to. Give this or the target workspace. */
  readonly targetRegistryName: string | undefined;
  /** The name of the model in the source. */
  readonly modelName: string;
  /** The version to promote, exactly; usually `$(model.modelVersion)`. There is no "latest". */
  readonly modelVersion: string;
  /** The name of the model in the target. Empty: the same as in the source. */
  readonly targetModelName: string | undefined;
  /** The version in the target. Empty: the same as in the source. A version that is there already is accepted when every file of it is the same, and refused otherwise. */
  readonly targetModelVersion: string | undefined;
  /** Takes the environment along that the model's job ran in, as recorded at registration, when it is one of the source's own. */
  readonly includeEnvironment: boolean;
  /** Further environments of the source to take along, one `name:version` a line. */
  readonly environments: readonly string[];
  /** Components of the source to take along with their code and environments, one `name:version` a line. */
  readonly components: readonly string[];
  /** Tags of the model in the target, one `name=value` a line, beside those it has and the lineage the task writes by itself. */
  readonly tags: readonly string[];
  /** The stage of the model in a target workspace. For example `Production`. */
  readonly stage: string | undefined;
  /** Refuses to promote when no approval of this run's stage can be shown: nobody approved, or the approvals cannot be read. */
  readonly requireApproval: boolean;
  /** Tags the source's version with where it was promoted to. Where the connection may not write to the source, a warning says so. */
  readonly markSource: boolean;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
}

export interface Outputs {
  /** The name of the model in the target. */
  readonly modelName: string;
  /** The version of the model in the target. For example `7`. */
  readonly modelVersion: string;
  /** The id of this version in the target, for AmlDeployOnlineEndpoint: a Resource Manager id, or `azureml://registries/…`. */
  readonly modelId: string;
  /** `true` when the target got something new; `false` when all of it was there already, with the same content. */
  readonly changed: string;
  /** JSON: `source`, `target`, `contentHash`, `files` (how many), `approvals` (who, when, on which environment; or why they are unavailable) and `assets` (what was taken along). */
  readonly evidence: string;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    sourceAzureSubscription: reader.required('sourceAzureSubscription', reader.text('sourceAzureSubscription')),
    sourceSubscriptionId: reader.text('sourceSubscriptionId'),
    sourceResourceGroupName: reader.text('sourceResourceGroupName'),
    sourceWorkspaceName: reader.text('sourceWorkspaceName'),
    sourceRegistryName: reader.text('sourceRegistryName'),
    targetAzureSubscription: reader.text('targetAzureSubscription'),
    targetSubscriptionId: reader.text('targetSubscriptionId'),
    targetResourceGroupName: reader.text('targetResourceGroupName'),
    targetWorkspaceName: reader.text('targetWorkspaceName'),
    targetRegistryName: reader.text('targetRegistryName'),
    modelName: reader.required('modelName', reader.text('modelName')),
    modelVersion: reader.required('modelVersion', reader.text('modelVersion')),
    targetModelName: reader.text('targetModelName'),
    targetModelVersion: reader.text('targetModelVersion'),
    includeEnvironment: reader.boolean('includeEnvironment') ?? true,
    environments: reader.lines('environments') ?? [],
    components: reader.lines('components') ?? [],
    tags: reader.lines('tags') ?? [],
    stage: reader.text('stage'),
    requireApproval: reader.boolean('requireApproval') ?? false,
    markSource: reader.boolean('markSource') ?? true,
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
  }));
}

// Generated from task.json by `npm run generate`; edit that instead.
import type { InputReader } from '../common/agent/inputs.ts';

export interface Inputs {
  /** The service connection to sign in with: workload identity federation, managed identity, or a service principal with a secret or certificate. */
  readonly azureSubscription: string | undefined;
  /** The subscription of the workspace. Only needed for a connection that is not scoped to a subscription (management group, workspace); otherwise the connection's own is used. */
  readonly subscriptionId: string | undefined;
  /** The resource group of the Azure Machine Learning workspace. */
  readonly resourceGroupName: string | undefined;
  /** The name of the Azure Machine Learning workspace. */
  readonly workspaceName: string | undefined;
  /** The registry in which to create what the files describe: environments, components, models and data. The resource group and the workspace are then not needed. Empty: the workspace. */
  readonly registryName: string | undefined;
  /** The `az ml` v2 YAML files to apply, one path or glob pattern a line, relative to the sources directory. They are applied in this order; the files of one pattern in alphabetical order. For example `aml/environment.yml`. */
  readonly files: readonly string[];
  /** Values that replace those of the files, one `path=value` a line, as `az ml … --set` takes them. They apply to every file. For example `tags.team=risk`. */
  readonly overrides: readonly string[];
  /** `apply` creates and updates; `whatIf` changes nothing and shows what would be created, changed (field by field) or left as it is; `validate` only checks the files, without a connection, a workspace or a network. */
  readonly mode: 'apply' | 'whatIf' | 'validate';
  /** Lets the YAML refer to code, data and other files outside the sources directory, also through symbolic links. Leave it off unless the files of this agent may be read by whoever can change the YAML. */
  readonly allowPathsOutsideSources: boolean;
  /** Lets the task use the key of the storage account where neither the connection's own identity nor a short-lived signature gets in. Leave it off unless the storage account takes nothing else. */
  readonly allowStorageKey: boolean;
}

export interface Outputs {
  /** `true` when something was created or changed, or, with `mode: whatIf`, would be; otherwise `false`, as always with `mode: validate`. */
  readonly changed: string;
  /** JSON: one object a file with `file`, `kind`, `name`, `version`, `change` (`create`, `change`, `unchanged`; with `mode: validate` there is none), `id` and, where fields differ, `fields`. For example `[{"file":"aml/data.yml","kind":"data","name":"sales","version":"3","change":"create","id":"/subscriptions/…"}]`. */
  readonly changes: string;
  /** The name of what the last file describes. */
  readonly resourceName: string;
  /** The version of what the last file describes; unset for what has no versions, and where only the service knows the next one (`mode: validate`). */
  readonly resourceVersion?: string | undefined;
  /** The Azure Resource Manager id of what the last file describes; unset when it does not exist yet (`mode: whatIf`, `mode: validate`). */
  readonly resourceId?: string | undefined;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    registryName: reader.text('registryName'),
    files: reader.required('files', reader.lines('files')),
    overrides: reader.lines('overrides') ?? [],
    mode: reader.choice('mode', ['apply', 'whatIf', 'validate']) ?? 'apply',
    allowPathsOutsideSources: reader.boolean('allowPathsOutsideSources') ?? false,
    allowStorageKey: reader.boolean('allowStorageKey') ?? false,
  }));
}

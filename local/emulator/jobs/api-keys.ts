/** Which keys a job's body has: recordings show that it depends on the api-version that was asked. */

export interface ApiKeys {
  /** `nodes` of a service. */
  readonly nodes: boolean;
  /** `assetName` and `assetVersion` of an output. */
  readonly outputAssets: boolean;
  readonly notificationSetting: boolean;
  readonly queueSettings: boolean;
  /** `resources.locations`. */
  readonly locations: boolean;
  readonly secretsConfiguration: boolean;
  readonly maxInstanceCount: boolean;
  readonly autoDeleteSetting: boolean;
  /** From April 2023 on a new pipeline job is `NotStarted`, without properties; `inputs` is null when there are none. */
  readonly pipelineStartsEmpty: boolean;
}

/**
 * The keys of that api-version. Recorded: 2022-06-01-preview, 2022-12-01-preview, 2023-02-01-preview and
 * 2023-04-01-preview; keys that only previews had when they came are left out of stable versions, as their
 * specification has them not.
 */
export function apiKeys(apiVersion: string): ApiKeys {
  const date = apiVersion.slice(0, 10);
  const isPreview = apiVersion.endsWith('-preview');
  const preview2023April = isPreview && date >= '2023-04-01';
  return {
    nodes: date >= '2022-12-01',
    outputAssets: isPreview ? date >= '2022-12-01' : date >= '2025-12-01',
    notificationSetting: date >= '2023-02-01',
    queueSettings: date >= '2023-02-01',
    locations: isPreview && date >= '2023-02-01',
    secretsConfiguration: preview2023April,
    maxInstanceCount: preview2023April,
    autoDeleteSetting: preview2023April,
    pipelineStartsEmpty: date >= '2023-04-01',
  };
}

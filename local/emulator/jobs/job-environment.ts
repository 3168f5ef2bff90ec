/** The environment variables of a job's command, named as on the service's compute. */
import type { WorkspaceRecord } from '../arm/workspace-scope.ts';
import { regionalHost } from '../clouds.ts';
import type { EmulatorContext } from '../context.ts';
import type { RunRecord } from './records.ts';

export interface JobFolders {
  readonly workingFolder: string;
  /** Holds `INPUT_…` and the outputs' folders. */
  readonly dataFolder: string;
}

export interface JobEnvironmentParts {
  readonly context: Pick<EmulatorContext, 'cloud' | 'tokens' | 'settings' | 'childEnvironment'>;
  readonly workspace: WorkspaceRecord;
  readonly run: RunRecord;
  readonly experimentName: string;
  readonly folders: JobFolders;
  /** What the command sees in place of `${{inputs.x}}` and `${{outputs.y}}`. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** What the job itself asks for; wins over everything else. */
  readonly own: Readonly<Record<string, string>>;
}

/** A job may run longer than its first token would last; nothing renews it inside of the process. */
const TOKEN_LIFETIME_SECONDS = 7 * 24 * 3600;

export function jobEnvironment(parts: JobEnvironmentParts): Record<string, string> {
  const { context, workspace, run, experimentName, folders } = parts;
  const api = regionalHost(context.cloud, workspace.region);
  const token = runToken(context, run);
  return {
    ...context.childEnvironment,
    PYTHONUNBUFFERED: '1',
    AZUREML_RUN_ID: run.id,
    AZUREML_ROOT_RUN_ID: run.rootId,
    AZUREML_RUN_TOKEN: token,
    AZUREML_EXPERIMENT_NAME: experimentName,
    AZUREML_EXPERIMENT_ID: run.experimentId,
    AZUREML_EXPERIMENT_SCOPE: `${workspace.id}/experiments/${experimentName}`,
    AZUREML_WORKSPACE_ID: workspace.workspaceId,
    AZUREML_WORKSPACE_SCOPE: workspace.id,
    AZUREML_ARM_SUBSCRIPTION: workspace.subscriptionId,
    AZUREML_ARM_RESOURCEGROUP: workspace.resourceGroup,
    AZUREML_ARM_WORKSPACE_NAME: workspace.name,
    AZUREML_ARM_PROJECT_NAME: experimentName,
    AZUREML_SERVICE_ENDPOINT: `https://${api}`,
    AZUREML_DISCOVERY_SERVICE_ENDPOINT: `https://${api}/discovery`,
    AZUREML_CR_EXECUTION_WORKING_DIR_PATH: folders.workingFolder,
    AZUREML_CR_DATA_CAPABILITY_PATH: folders.dataFolder,
    MLFLOW_TRACKING_URI: `azureml://${api}/mlflow/v1.0${workspace.id}`,
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_RUN_ID: run.id,
    MLFLOW_EXPERIMENT_ID: run.experimentId,
    MLFLOW_EXPERIMENT_NAME: experimentName,
    ...dataVariables('AZURE_ML_INPUT', parts.inputs),
    ...dataVariables('AZURE_ML_OUTPUT', parts.outputs),
    ...parts.own,
  };
}

/** Each path under the two names that scripts read: `AZURE_ML_INPUT_x` and the older `AZUREML_DATAREFERENCE_x`. */
function dataVariables(prefix: string, paths: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(paths).flatMap(([name, path]) => [
      [`${prefix}_${name}`, path],
      [`AZUREML_DATAREFERENCE_${name}`, path],
    ]),
  );
}

function runToken({ tokens, settings, cloud }: JobEnvironmentParts['context'], run: RunRecord): string {
  const { principal, tenantId } = settings;
  return tokens.issue({
    issuer: `https://sts.windows.net/${tenantId}/`,
    audience: cloud.mlAudience,
    lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
    claims: {
      oid: principal.objectId,
      sub: principal.objectId,
      appid: principal.clientId,
      tid: tenantId,
      idtyp: 'app',
      run: run.id,
    },
  });
}

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
  /** The name of the job that logged the candidate's metrics; usually `$(train.jobName)`. Give this or the candidate's model. */
  readonly candidateJob: string | undefined;
  /** The step of a pipeline job that logged the metrics, by its name in the job YAML. Empty: the metrics of the job itself, otherwise those of all its steps. The champion's job is read in the same way. */
  readonly candidateStep: string | undefined;
  /** A registered model, as `name:version` or its id, whose job or recorded metrics count. Give this or the candidate's job. */
  readonly candidateModel: string | undefined;
  /** A YAML file with the rules: per metric `direction` (`higher` or `lower`), and any of `minimum`, `maximum`, `requiredImprovement` (a number or a percentage) and `tolerance`. Give this or the rules themselves. */
  readonly rulesFile: string | undefined;
  /** The rules themselves, in the form of the rules file. For example `metrics: { roc_auc: { direction: higher, minimum: 0.9, tolerance: 0.005 } }`. */
  readonly rules: string | undefined;
  /** Fails the step when the champion is kept. Off: only an evaluation that was not possible fails it. */
  readonly failWhenNotPromoted: boolean;
  /** Where the champion comes from: the deployment of an endpoint that gets most of the traffic; the newest version of a model with a tag; the version that was promoted last (by AmlPromoteModel, otherwise registered with the outcome `promote`); or none (only minimum and maximum count). */
  readonly champion: 'endpoint' | 'modelTag' | 'latestPromoted' | 'none';
  /** The online endpoint whose live deployment holds the champion. Without endpoint or traffic there is no champion. */
  readonly championEndpoint: string | undefined;
  /** The name of the registered model whose versions are looked through. */
  readonly championModel: string | undefined;
  /** The tag that marks the champion, as `name=value` or `name`. For example `stage=production`. */
  readonly championTag: string | undefined;
  /** The registry in which the model's versions are looked through. Empty: the workspace. */
  readonly championRegistryName: string | undefined;
}

export interface Outputs {
  /** `promote`, `keepChampion` or `error`. */
  readonly outcome: string;
  /** JSON: `outcome`, `reasons`, `candidate`, `champion` and one object a rule with `metric`, `candidate`, `champion`, `passed` and `reason`. Hand it to AmlRegisterModel as `evaluation`. */
  readonly decision: string;
  /** The id of the champion's model; unset when there is none. */
  readonly championModelId?: string | undefined;
}

/** Reads all inputs. Throws a UserError that names every problem. */
export function readInputs(reader: InputReader): Inputs {
  return reader.read(() => ({
    azureSubscription: reader.text('azureSubscription'),
    subscriptionId: reader.text('subscriptionId'),
    resourceGroupName: reader.text('resourceGroupName'),
    workspaceName: reader.text('workspaceName'),
    candidateJob: reader.text('candidateJob'),
    candidateStep: reader.text('candidateStep'),
    candidateModel: reader.text('candidateModel'),
    rulesFile: reader.path('rulesFile'),
    rules: reader.text('rules'),
    failWhenNotPromoted: reader.boolean('failWhenNotPromoted') ?? false,
    champion: reader.choice('champion', ['endpoint', 'modelTag', 'latestPromoted', 'none']) ?? 'endpoint',
    championEndpoint: reader.text('championEndpoint'),
    championModel: reader.text('championModel'),
    championTag: reader.text('championTag'),
    championRegistryName: reader.text('championRegistryName'),
  }));
}

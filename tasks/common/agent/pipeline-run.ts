/** Which pipeline run this is, from the agent's predefined variables. */
import { tmpdir } from 'node:os';
import type { PipelineRun } from '../ports.ts';
import type { AgentEnvironment } from './environment.ts';

/** The run; texts the agent does not have (outside a build, on a developer's machine) are ''. */
export function pipelineRun(environment: AgentEnvironment): PipelineRun {
  const first = (...names: readonly string[]): string =>
    names.map((name) => environment.variable(name)).find((value) => value !== undefined) ?? '';
  const collectionUri = withSlash(first('System.CollectionUri', 'System.TeamFoundationCollectionUri'));
  const projectName = first('System.TeamProject');
  const buildId = first('Build.BuildId', 'Release.ReleaseId');
  return {
    collectionUri,
    projectId: first('System.TeamProjectId'),
    projectName,
    definitionId: first('System.DefinitionId', 'Build.DefinitionId', 'Release.DefinitionId'),
    definitionName: first('Build.DefinitionName', 'Release.DefinitionName'),
    buildId,
    buildUrl: buildUrl(collectionUri, projectName, first('Build.BuildId')),
    stageName: first('System.StageName', 'Release.EnvironmentName'),
    jobName: first('System.PhaseName', 'System.JobName', 'Agent.JobName'),
    jobLeg: jobLeg(first),
    taskInstanceName: first('System.TaskInstanceName'),
    repository: first('Build.Repository.Name'),
    repositoryUri: withoutCredentials(first('Build.Repository.Uri')),
    sourceBranch: first('Build.SourceBranch'),
    sourceVersion: first('Build.SourceVersion'),
    requestedFor: first('Build.RequestedFor', 'Release.RequestedFor'),
    sourcesDirectory: first('Build.SourcesDirectory', 'System.DefaultWorkingDirectory'),
    tempDirectory: first('Agent.TempDirectory') || tmpdir(),
  };
}

/** A matrix leg has its own job name; slices of a job share the name and differ in position. */
function jobLeg(first: (name: string) => string): string {
  const jobName = first('System.JobName');
  if (!['', '__default', first('System.PhaseName')].includes(jobName)) return jobName;
  if (Number(first('System.TotalJobsInPhase') || '1') <= 1) return '';
  return first('System.JobPositionInPhase') || first('System.JobDisplayName');
}

function buildUrl(collectionUri: string, project: string, buildId: string): string | undefined {
  if (collectionUri === '' || project === '' || buildId === '') return undefined;
  return `${collectionUri}${encodeURIComponent(project)}/_build/results?buildId=${encodeURIComponent(buildId)}`;
}

function withSlash(uri: string): string {
  return uri === '' || uri.endsWith('/') ? uri : `${uri}/`;
}

/** Checkout addresses may carry a user and a token. */
function withoutCredentials(uri: string): string | undefined {
  if (uri === '') return undefined;
  return uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

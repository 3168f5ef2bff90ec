/** Variables every job starts with: the agent's own and those the service sends (documentation: "Use predefined variables"). */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { JobRequest } from './job-request.ts';
import { deactivateCommands } from './logging-commands.ts';

export interface JobFolders {
  readonly work: string;
  readonly build: string;
  readonly sources: string;
  readonly artifacts: string;
  readonly binaries: string;
  readonly testResults: string;
  readonly temp: string;
  readonly tools: string;
}

export interface PredefinedVariable {
  readonly value: string;
  readonly secret: boolean;
}

const AGENT_VERSION = '4.265.1';
const PROJECT_ID = '00000000-0000-4000-8000-0000000000dd';

/** Filled by people who may write anything, so the agent takes the sting out of them when a job starts. */
const FOREIGN_TEXT =
  /^(build\.(sourceversionmessage|sourceversionauthor|definitionname)|system\..*displayname|agent\.(name|machinename))$/i;

/** The folders of a job below the agent's work folder. */
export function jobFolders(request: JobRequest): JobFolders {
  const { work } = request.folders;
  const build = join(work, '1');
  return {
    work,
    build,
    sources: request.folders.sources ?? join(build, 's'),
    artifacts: join(build, 'a'),
    binaries: join(build, 'b'),
    testResults: join(build, 'TestResults'),
    temp: join(work, '_temp'),
    tools: join(work, '_tool'),
  };
}

/** Predefined variables by name; the job's own of the same name win. `jobId` tells jobs of one run apart. */
export function predefinedVariables(
  request: JobRequest,
  folders: JobFolders,
  jobId: string,
): Record<string, PredefinedVariable> {
  const values: Record<string, string> = {
    ...agentVariables(request, folders),
    ...serviceVariables(request, jobId),
  };
  const all: Record<string, PredefinedVariable> = {};
  for (const [name, value] of Object.entries(values)) all[name] = { value, secret: false };
  const password = request.network?.proxyPassword;
  if (password !== undefined) all['Agent.ProxyPassword'] = { value: password, secret: true };
  return all;
}

/** The value a variable gets at the start of a job. */
export function jobVariableValue(name: string, value: string): string {
  return FOREIGN_TEXT.test(name) ? deactivateCommands(value) : value;
}

function agentVariables(request: JobRequest, folders: JobFolders): Record<string, string> {
  return {
    'Agent.Id': '1',
    'Agent.Name': 'local',
    'Agent.MachineName': hostname(),
    'Agent.JobName': request.displayName ?? request.name,
    'Agent.HomeDirectory': folders.work,
    'Agent.RootDirectory': folders.work,
    'Agent.WorkFolder': folders.work,
    'Agent.ToolsDirectory': folders.tools,
    'Agent.TempDirectory': folders.temp,
    'Agent.OS': process.platform === 'darwin' ? 'Darwin' : 'Linux',
    'Agent.OSArchitecture': process.arch === 'arm64' ? 'ARM64' : 'X64',
    'Agent.Version': AGENT_VERSION,
    'Agent.IsSelfHosted': '1',
    'Agent.BuildDirectory': folders.build,
    'Pipeline.Workspace': folders.build,
    'Build.SourcesDirectory': folders.sources,
    'Build.Repository.LocalPath': folders.sources,
    'Build.BinariesDirectory': folders.binaries,
    'Build.StagingDirectory': folders.artifacts,
    'Build.ArtifactStagingDirectory': folders.artifacts,
    'Common.TestResultsDirectory': folders.testResults,
    'System.ArtifactsDirectory': folders.artifacts,
    'System.DefaultWorkingDirectory': folders.sources,
    'System.WorkFolder': folders.work,
    GIT_TERMINAL_PROMPT: '0',
    ...networkVariables(request),
  };
}

function networkVariables({ network }: JobRequest): Record<string, string> {
  return {
    ...(network?.proxyUrl !== undefined && { 'Agent.ProxyUrl': network.proxyUrl }),
    ...(network?.proxyUsername !== undefined && { 'Agent.ProxyUsername': network.proxyUsername }),
    ...(network?.proxyBypass !== undefined && { 'Agent.ProxyBypassList': JSON.stringify(network.proxyBypass) }),
    ...(network?.caFile !== undefined && { 'Agent.CAInfo': network.caFile }),
  };
}

function serviceVariables(request: JobRequest, jobId: string): Record<string, string> {
  const given = request.variables ?? {};
  const collectionUri = request.service?.collectionUri ?? 'https://dev.azure.com/local/';
  const planId = given['System.PlanId']?.value ?? '00000000-0000-4000-8000-0000000000ee';
  const projectId = given['System.TeamProjectId']?.value ?? PROJECT_ID;
  return {
    'System.CollectionUri': collectionUri,
    'System.TeamFoundationCollectionUri': collectionUri,
    'System.TeamFoundationServerUri': collectionUri,
    'System.CollectionId': '00000000-0000-4000-8000-0000000000ff',
    'System.TeamProject': 'mlops',
    'System.TeamProjectId': projectId,
    'System.HostType': 'build',
    'System.ServerType': 'Hosted',
    'System.Culture': 'en-US',
    'System.DefinitionId': '1',
    'System.PlanId': planId,
    'System.TimelineId': planId,
    'System.JobId': jobId,
    'System.JobName': request.name,
    'System.JobDisplayName': request.displayName ?? request.name,
    'System.JobIdentifier': request.name,
    'System.PhaseName': request.name,
    'System.StageName': '__default',
    'System.JobAttempt': '1',
    'System.PhaseAttempt': '1',
    'System.StageAttempt': '1',
    'System.JobPositionInPhase': '1',
    'System.TotalJobsInPhase': '1',
    'System.JobParallelismTag': 'Private',
    'System.OidcRequestUri': `${collectionUri}${projectId}/_apis/distributedtask/hubs/build/plans/${planId}/jobs/${jobId}/oidctoken`,
    ...buildVariables(),
  };
}

function buildVariables(): Record<string, string> {
  return {
    'Build.BuildId': '1',
    'Build.BuildNumber': '1',
    'Build.BuildUri': 'vstfs:///Build/Build/1',
    'Build.ContainerId': '1',
    'Build.DefinitionName': 'local',
    'Build.DefinitionVersion': '1',
    'Build.QueuedBy': 'local user',
    'Build.Reason': 'Manual',
    'Build.RequestedFor': 'local user',
    'Build.Repository.Clean': 'False',
    'Build.Repository.ID': 'local',
    'Build.Repository.Name': 'local',
    'Build.Repository.Provider': 'TfsGit',
    'Build.SourceBranch': 'refs/heads/main',
    'Build.SourceBranchName': 'main',
    'Build.SourceVersion': '0'.repeat(40),
    'Build.SourceVersionMessage': '',
  };
}

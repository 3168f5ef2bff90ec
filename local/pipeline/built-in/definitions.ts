/** The contracts of the tasks every agent has, as far as they are run here. Ids and inputs are those of the published tasks. */

interface Input {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type?: string;
  readonly defaultValue?: string;
  readonly required?: boolean;
}

export interface BuiltInTask {
  readonly id: string;
  readonly name: string;
  readonly major: number;
  readonly friendlyName: string;
  readonly description: string;
  /** The file beside this one that is run. */
  readonly script: 'script-task.cjs' | 'artifact-task.cjs';
  readonly inputs: readonly Input[];
}

const WORKING_DIRECTORY: Input = { name: 'workingDirectory', aliases: ['cwd'], type: 'filePath' };
const FAIL_ON_STDERR: Input = { name: 'failOnStderr', type: 'boolean', defaultValue: 'false' };
const texts = (...names: readonly string[]): Input[] => names.map((name) => ({ name }));
const SCRIPT_FILE: readonly Input[] = [
  { name: 'targetType', type: 'radio', defaultValue: 'filePath' },
  { name: 'filePath', type: 'filePath' },
  ...texts('arguments'),
  { name: 'script', type: 'multiLine' },
  FAIL_ON_STDERR,
];

export const BUILT_IN_TASKS: readonly BuiltInTask[] = [
  {
    id: 'd9bafed4-0b18-4f58-968d-86655b4d2ce9',
    name: 'CmdLine',
    major: 2,
    friendlyName: 'Command line',
    description: 'Runs a command line script with bash.',
    script: 'script-task.cjs',
    inputs: [{ name: 'script', type: 'multiLine', required: true }, WORKING_DIRECTORY, FAIL_ON_STDERR],
  },
  {
    id: '6c731c3c-3c68-459a-a5c9-bde6e6595b5b',
    name: 'Bash',
    major: 3,
    friendlyName: 'Bash',
    description: 'Runs a Bash script.',
    script: 'script-task.cjs',
    inputs: [...SCRIPT_FILE, { ...WORKING_DIRECTORY, aliases: [] }, ...texts('bashEnvValue', 'noProfile', 'noRc')],
  },
  {
    id: 'e213ff0f-5d5c-4791-802d-52ea3e7be1f1',
    name: 'PowerShell',
    major: 2,
    friendlyName: 'PowerShell',
    description: 'Runs a PowerShell script with pwsh.',
    script: 'script-task.cjs',
    inputs: [
      ...SCRIPT_FILE,
      ...texts('errorActionPreference', 'warningPreference', 'informationPreference', 'verbosePreference'),
      ...texts(
        'debugPreference',
        'progressPreference',
        'showWarnings',
        'ignoreLASTEXITCODE',
        'runScriptInSeparateScope',
      ),
      { name: 'pwsh', type: 'boolean', defaultValue: 'false' },
      { ...WORKING_DIRECTORY, aliases: [] },
    ],
  },
  {
    id: 'ecdc45f6-832d-4ad9-b52b-ee49e94659be',
    name: 'PublishPipelineArtifact',
    major: 1,
    friendlyName: 'Publish Pipeline Artifacts',
    description: 'Keeps a file or folder for other jobs of this run.',
    script: 'artifact-task.cjs',
    inputs: [
      { name: 'targetPath', aliases: ['path'], type: 'filePath', defaultValue: '$(Pipeline.Workspace)' },
      { name: 'artifactName', aliases: ['artifact'] },
      { name: 'artifactType', aliases: ['publishLocation'], defaultValue: 'pipeline' },
      ...texts('fileSharePath', 'parallel', 'parallelCount', 'properties'),
    ],
  },
  {
    id: '61f2a582-95ae-4948-b34d-a1b3c4f6a737',
    name: 'DownloadPipelineArtifact',
    major: 2,
    friendlyName: 'Download Pipeline Artifacts',
    description: 'Fetches what earlier jobs of this run have published.',
    script: 'artifact-task.cjs',
    inputs: [
      { name: 'buildType', aliases: ['source'], defaultValue: 'current' },
      ...texts('project'),
      { name: 'definition', aliases: ['pipeline'] },
      { name: 'specificBuildWithTriggering', aliases: ['preferTriggeringPipeline'] },
      { name: 'buildVersionToDownload', aliases: ['runVersion'] },
      { name: 'branchName', aliases: ['runBranch'] },
      { name: 'pipelineId', aliases: ['runId', 'buildId'] },
      ...texts('tags', 'allowPartiallySucceededBuilds', 'allowFailedBuilds'),
      { name: 'artifactName', aliases: ['artifact'] },
      { name: 'itemPattern', aliases: ['patterns'], type: 'multiLine', defaultValue: '**' },
      { name: 'targetPath', aliases: ['path'], type: 'filePath', defaultValue: '$(Pipeline.Workspace)' },
    ],
  },
];

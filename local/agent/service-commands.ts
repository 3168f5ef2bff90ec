/** Logging commands of the other areas: artifacts, build, test results, coverage, telemetry, release. */
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { CommandHandler } from './command-handler.ts';
import type { LoggingCommand } from './logging-commands.ts';
import { SUMMARY_TYPE, type Artifact } from './records.ts';
import type { StepState } from './step-state.ts';
import { publishTestResults } from './test-results.ts';

export const SERVICE_COMMANDS: Readonly<Record<string, Readonly<Record<string, CommandHandler>>>> = {
  artifact: { upload: uploadArtifact, associate: associateArtifact },
  build: {
    uploadlog: ({ data }, step) => {
      uploadFile(data, 'buildlog', 'Upload Log', step);
    },
    uploadsummary: ({ data }, step) => {
      uploadFile(data, SUMMARY_TYPE, 'Upload Summary', step);
    },
    updatebuildnumber: updateBuildNumber,
    addbuildtag: addBuildTag,
  },
  results: { publish: publishTestResults },
  codecoverage: { publish: publishCoverage },
  // Only in-box tasks are heard; the agent drops everything else without a word.
  telemetry: { publish: () => undefined },
  release: {
    updatereleasename: () => {
      throw new Error("##vso[release.updatereleasename] is not supported in a host of type 'Build'.");
    },
  },
};

function uploadArtifact({ properties, data }: LoggingCommand, step: StepState): void {
  const name = properties.get('artifactname') ?? '';
  if (name === '') throw new Error('The artifact name is required.');
  if (data === '' || !existsSync(data)) throw new Error(`The path to upload does not exist: '${data}'.`);
  step.asyncCommands.push({
    name: 'Upload Artifact',
    run: async () => {
      const files = await readTree(data);
      if (files.length === 0) step.warning(`The directory '${data}' is empty. Nothing will be added to the artifact.`);
      else step.artifacts.push({ name, files });
    },
  });
}

/** Every file of a folder, or the one file, with forward slashes in its path. */
async function readTree(root: string): Promise<Artifact['files']> {
  if (statSync(root).isFile()) return [{ path: basename(root), content: await readFile(root) }];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => ({
      path: relative(root, path).replaceAll('\\', '/'),
      content: await readFile(path),
    })),
  );
}

function associateArtifact({ properties, data }: LoggingCommand, step: StepState): void {
  const name = properties.get('artifactname') ?? '';
  if (name === '') throw new Error('The artifact name is required.');
  if (!properties.has('artifacttype') && !/^(\\\\|\$\/|#\/)/.test(data)) {
    throw new Error('The artifact type is required: it cannot be told from the location.');
  }
  step.asyncCommands.push({
    name: 'Associate Artifact',
    run: () => {
      step.artifacts.push({ name, files: [] });
      return Promise.resolve();
    },
  });
}

function uploadFile(path: string, type: string, name: string, step: StepState): void {
  if (path === '' || !existsSync(path)) throw new Error(`Cannot find the file: '${path}'.`);
  step.asyncCommands.push({
    name,
    run: () => {
      if (!existsSync(path)) return Promise.reject(new Error(`Cannot find the file: '${path}'.`));
      step.attachments.push({ type, name: basename(path), path });
      return Promise.resolve();
    },
  });
}

function updateBuildNumber({ data }: LoggingCommand, step: StepState): void {
  if (data.trim() === '') throw new Error('A build number is required.');
  step.asyncCommands.push({
    name: 'Update Build Number',
    run: () => {
      if (/["/:<>\\|?@*]/.test(data) || data.endsWith('.') || data.length > 255) {
        return Promise.reject(new Error(`The build number '${data}' contains characters the service refuses.`));
      }
      step.job.buildNumber = data;
      return Promise.resolve();
    },
  });
}

function addBuildTag({ data }: LoggingCommand, step: StepState): void {
  const tag = data.trim();
  if (tag === '') throw new Error('A build tag is required.');
  step.asyncCommands.push({
    name: 'Add Build Tag',
    run: () => {
      if (tag.includes(':')) return Promise.reject(new Error(`The service refuses the build tag '${tag}'.`));
      if (!step.job.buildTags.includes(tag)) step.job.buildTags.push(tag);
      return Promise.resolve();
    },
  });
}

function publishCoverage({ properties, data }: LoggingCommand, step: StepState): void {
  const summary = properties.get('summaryfile') ?? data;
  if ((properties.get('codecoveragetool') ?? '') === '') throw new Error('The code coverage tool is required.');
  if (summary === '' || !existsSync(summary)) throw new Error(`Cannot find the coverage summary: '${summary}'.`);
  uploadFile(summary, 'coverage', 'Publish Code Coverage', step);
}

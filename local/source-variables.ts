/** What the service would say about the sources, as far as git knows it here. */
import { execFileSync } from 'node:child_process';
import type { JobVariable } from './agent/job-request.ts';

/** Branch, commit and repository of a folder; nothing where there is no git. */
export function sourceVariables(folder: string): Record<string, JobVariable> {
  const branch = git(folder, 'rev-parse', '--abbrev-ref', 'HEAD');
  const values = {
    'Build.SourceVersion': git(folder, 'rev-parse', 'HEAD'),
    'Build.SourceVersionMessage': git(folder, 'log', '-1', '--format=%s'),
    'Build.SourceBranch': branch && `refs/heads/${branch}`,
    'Build.SourceBranchName': branch?.split('/').at(-1),
    'Build.Repository.Uri': withoutCredentials(git(folder, 'remote', 'get-url', 'origin')),
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, { value }]])),
  );
}

function withoutCredentials(uri: string | undefined): string | undefined {
  return uri?.replace(/^(\w+:\/\/)[^@/]*@/, '$1');
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  try {
    const text = execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

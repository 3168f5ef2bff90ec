/** Runs the terraform on this machine with a mirror that holds the schema-only provider. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { SCHEMA_FILE } from './schema/read-schema.ts';

/** The oldest version the modules accept, so that their constraint is checked too. */
const PROVIDER_VERSION = '4.77.0';
const PROVIDER = 'registry.terraform.io/hashicorp/azurerm';

/** The terraform program of this machine, or undefined. */
export function findTerraform(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'terraform')).find((path) => existsSync(path));
}

export interface Terraform {
  /** Runs a command in a folder and returns what it printed. Throws with its messages when it fails. */
  readonly run: (folder: string, ...args: readonly string[]) => string;
  /** Runs a command that may fail; returns its status and all that it printed. */
  readonly attempt: (folder: string, ...args: readonly string[]) => { status: number | null; output: string };
}

/** Sets terraform up below a folder of its own, which keeps mirror, settings and downloads out of the modules. */
export function openTerraform(program: string, folder: string): Terraform {
  writeMirror(join(folder, 'mirror'));
  const settings = join(folder, 'terraform.rc');
  writeFileSync(
    settings,
    `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${join(folder, 'mirror')}"\n  }\n}\n`,
  );
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, TF_CLI_CONFIG_FILE: settings, TF_DISABLE_PLUGIN_TLS: '1', TF_IN_AUTOMATION: '1' };
  const attempt: Terraform['attempt'] = (cwd, ...args) => {
    const result = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
    return { status: result.status, output: result.stdout + result.stderr };
  };
  const run: Terraform['run'] = (cwd, ...args) => {
    const { status, output } = attempt(cwd, ...args);
    if (status !== 0) throw new Error(`terraform ${args.join(' ')} in ${cwd} failed:\n${messages(output)}`);
    return output;
  };
  return { run, attempt };
}

/** The errors alone: the plan before them can be long. */
function messages(output: string): string {
  const first = output.indexOf('Error:');
  return first === -1 ? output : output.slice(first);
}

/** The provider terraform finds is two lines of shell around the server, which is bundled: it starts a dozen times. */
function writeMirror(mirror: string): void {
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const folder = join(mirror, PROVIDER, PROVIDER_VERSION, platform);
  const server = join(mirror, '../provider/server.mjs');
  const source = fileURLToPath(new URL('plugin', import.meta.url));
  buildSync({
    entryPoints: [join(source, 'server.ts')],
    outfile: server,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  for (const file of [join(source, 'tfplugin5.proto'), join(source, 'controller.proto'), SCHEMA_FILE]) {
    copyFileSync(file, join(server, '..', basename(file)));
  }
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `terraform-provider-azurerm_v${PROVIDER_VERSION}_x5`);
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${server}'\n`, { mode: 0o755 });
}

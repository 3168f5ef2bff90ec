/** The options of `npm run emulator`. */
import { parseArgs } from 'node:util';
import { CLOUDS, customCloud, findCloud, type Cloud } from './clouds.ts';
import { parseClock, type ClockSettings } from './clock.ts';
import type { EmulatorOptions } from './emulator.ts';

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly sentence: string }
  | {
      readonly kind: 'start';
      readonly options: EmulatorOptions;
      readonly environmentFile: string | undefined;
      readonly showRoutes: boolean;
    };

export const USAGE = `npm run emulator -- [options]

  --port N             listen on this port of 127.0.0.1 (a free one without)
  --env-file FILE      write the environment for clients to FILE (readable by its owner only)
  --state DIR          keep everything in DIR and find it again there
  --workspace NAME     name of the workspace (mlw-mlops); given again, of further ones
  --registry NAME      name of a registry that exists from the start; may be given again
  --resource-group RG  its resource group (rg-mlops)
  --region REGION      its region (westeurope)
  --cloud NAME         ${CLOUDS.map(({ name }) => name).join(', ')}, or NAME=DOMAIN for a cloud of your own
  --speed N            how many times faster than real time the service's time passes (1)
  --clock NUMBERS      share another process's time: the value of its LOCAL_CLOCK
  --routes             print what is emulated, and on what evidence, and end
  --help               this text`;

const OPTIONS = {
  port: { type: 'string' },
  'env-file': { type: 'string' },
  state: { type: 'string' },
  workspace: { type: 'string', multiple: true },
  registry: { type: 'string', multiple: true },
  'resource-group': { type: 'string' },
  region: { type: 'string' },
  cloud: { type: 'string' },
  speed: { type: 'string' },
  clock: { type: 'string' },
  routes: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Listed = 'workspace' | 'registry';
type Values = Partial<Record<Exclude<keyof typeof OPTIONS, 'routes' | 'help' | Listed>, string>> &
  Partial<Record<Listed, string[]>>;

/** Reads the arguments after the program's name; whatever is wrong with them becomes one sentence. */
export function readOptions(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false });
    if (values.help === true) return { kind: 'help' };
    return {
      kind: 'start',
      options: toOptions(values),
      environmentFile: values['env-file'],
      showRoutes: values.routes === true,
    };
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error);
    return { kind: 'problem', sentence: `${text.replace(/\.$/, '')}. See npm run emulator -- --help.` };
  }
}

function toOptions(values: Values): EmulatorOptions {
  const clock = values.clock === undefined ? undefined : readClock(values.clock);
  const cloud = values.cloud === undefined ? undefined : readCloud(values.cloud);
  const [workspace, ...furtherWorkspaces] = (values.workspace ?? []).map((name) => readName('workspace', name));
  return {
    ...(values.port !== undefined && { port: readPort(values.port) }),
    ...(values.state !== undefined && { stateFolder: values.state }),
    ...(workspace !== undefined && { workspace, furtherWorkspaces }),
    registries: (values.registry ?? []).map((name) => readName('registry', name)),
    ...(values['resource-group'] !== undefined && {
      resourceGroup: readName('resource-group', values['resource-group']),
    }),
    ...(values.region !== undefined && { region: readName('region', values.region) }),
    ...(values.speed !== undefined && { speed: readSpeed(values.speed) }),
    ...(clock !== undefined && { clock }),
    ...(cloud !== undefined && { cloud }),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new Error(`--port takes a number from 0 to 65535, not '${text}'`);
  return port;
}

function readSpeed(text: string): number {
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed <= 0) throw new Error(`--speed takes a number above 0, not '${text}'`);
  return speed;
}

function readClock(text: string): ClockSettings {
  const clock = parseClock(text);
  if (clock === undefined) throw new Error(`--clock takes three numbers with commas between, not '${text}'`);
  return clock;
}

function readName(option: string, text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text)) {
    throw new Error(`--${option} takes letters, digits, dots, dashes and underscores, not '${text}'`);
  }
  return text;
}

function readCloud(text: string): Cloud {
  const known = findCloud(text);
  if (known !== undefined) return known;
  const custom = /^([A-Za-z0-9]+)=([a-z0-9.-]+\.[a-z]+)$/.exec(text);
  if (custom === null)
    throw new Error(`--cloud takes ${CLOUDS.map(({ name }) => name).join(', ')} or NAME=DOMAIN, not '${text}'`);
  return customCloud(custom[1] ?? '', custom[2] ?? '');
}

/** What everything in an emulator stands on: its cloud, time, memory, keys and blob server. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBlobServer } from './blob/azurite.ts';
import type { BlobAccounts } from './blob/blob-accounts.ts';
import { createBlobFront, type BlobFront } from './blob/blob-front.ts';
import type { CertificateAuthority, KeyedCertificate } from './certificates.ts';
import type { ProxyCredentials } from './client-environment.ts';
import { AZURE_CLOUD, type Cloud } from './clouds.ts';
import { startClock, type ClockSettings, type EmulatorClock } from './clock.ts';
import { createTokenIssuer, type TokenIssuer } from './identity/tokens.ts';
import { DEFAULT_IDENTIFIERS as ids, type Settings } from './settings.ts';
import { lastMoment, openState, type EmulatorState } from './state.ts';
import type { Timings } from './timings.ts';

export interface EmulatorOptions {
  /** 0 or none takes a free one. */
  readonly port?: number;
  /** AzureCloud by default. */
  readonly cloud?: Cloud;
  /** Keeps everything in this folder and finds it again; without it all is gone at the end. */
  readonly stateFolder?: string;
  readonly workspace?: string;
  /** Names of workspaces beside it, and of registries; all of them exist from the start. */
  readonly furtherWorkspaces?: readonly string[];
  readonly registries?: readonly string[];
  readonly resourceGroup?: string;
  readonly region?: string;
  /** Virtual milliseconds per real one; 1 by default. Or a whole clock, shared with others. */
  readonly speed?: number;
  readonly clock?: ClockSettings;
  readonly timings?: Partial<Timings>;
  /** Asked of whoever uses the proxy. */
  readonly proxyCredentials?: ProxyCredentials;
  /** Told of defects of the emulator itself; by default they go to stderr. */
  readonly onDefect?: (error: unknown, request: string) => void;
}

/** Runs when the emulator closes; last added runs first. */
export type Closers = (() => Promise<void> | void)[];

export interface Foundation {
  readonly cloud: Cloud;
  readonly clock: EmulatorClock;
  readonly state: EmulatorState;
  readonly settings: Settings;
  readonly authority: CertificateAuthority;
  readonly tokens: TokenIssuer;
  readonly blobs: BlobAccounts;
  readonly blobFront: BlobFront;
  readonly workFolder: string;
  readonly caFile: string;
}

/** Lays the foundation; what must be ended or removed again is added to the closers as soon as it is there. */
export async function layFoundation(options: EmulatorOptions, closers: Closers): Promise<Foundation> {
  reachOneself();
  const cloud = options.cloud ?? AZURE_CLOUD;
  const clock = startClock(clockSettings(options));
  closers.push(() => {
    clock.close();
  });
  const state = openState(clock, options.stateFolder);
  closers.push(() => {
    state.close();
  });
  const workFolder = openWorkFolder(options.stateFolder, closers);
  const storageKey = rememberedKey(state, 'storageKey');
  const accounts = {
    [ids.storageAccount]: storageKey,
    [ids.registryStorageAccount]: rememberedKey(state, 'registryStorageKey'),
  };

  const blobFolder = options.stateFolder === undefined ? {} : { folder: join(options.stateFolder, 'blob') };
  // The blob server loads in a thread of its own, and these two modules are slow to load: all at once.
  const [blobServer, [authority, certificate], { openBlobAccounts }, tokens] = await Promise.all([
    startBlobServer({ clock: clock.settings, accounts, ...blobFolder }).then((server) => {
      closers.push(() => server.close());
      return server;
    }),
    import('./certificates.ts').then(({ createAuthority, createSelfSigned }) =>
      Promise.all([createAuthority(), createSelfSigned(ids.connectionName)]),
    ),
    import('./blob/open-blob-accounts.ts'),
    createTokenIssuer(clock),
  ]);
  const settings = createSettings(options, storageKey, certificate);
  const caFile = join(workFolder, 'ca.pem');
  writeFileSync(caFile, authority.pem);
  const blobs = openBlobAccounts({ cloud, clock, port: blobServer.port, accounts });
  const blobFront = createBlobFront(blobServer.port);
  closers.push(() => {
    blobFront.close();
  });
  return { cloud, clock, state, settings, authority, tokens, blobs, blobFront, workFolder, caFile };
}

/** Whatever proxy the machine's environment names is not for the blob server behind the emulator. */
function reachOneself(): void {
  process.env.NO_PROXY = [process.env.NO_PROXY, '127.0.0.1'].filter((name) => name !== undefined).join(',');
}

/** A clock that never falls back behind what is remembered. */
function clockSettings(options: EmulatorOptions): ClockSettings {
  if (options.clock !== undefined) return options.clock;
  const originReal = Date.now();
  const remembered = options.stateFolder === undefined ? 0 : lastMoment(options.stateFolder);
  return { originReal, originVirtual: Math.max(originReal, remembered), speed: options.speed ?? 1 };
}

function createSettings(options: EmulatorOptions, storageKey: string, certificate: KeyedCertificate): Settings {
  return {
    tenantId: ids.tenantId,
    subscriptionId: ids.subscriptionId,
    resourceGroup: options.resourceGroup ?? ids.resourceGroup,
    workspace: options.workspace ?? ids.workspace,
    region: options.region ?? ids.region,
    storageAccount: ids.storageAccount,
    registryStorageAccount: ids.registryStorageAccount,
    storageKey,
    compute: ids.compute,
    principal: {
      clientId: ids.clientId,
      objectId: ids.objectId,
      clientSecret: randomBytes(30).toString('base64url'),
      certificatePem: `${certificate.certificate}\n${certificate.privateKey}\n`,
    },
    connection: {
      id: ids.connectionId,
      name: ids.connectionName,
      organization: ids.organization,
      project: ids.project,
    },
    systemAccessToken: randomUUID(),
  };
}

/** Blobs that are kept stay readable only by the key that SAS URLs in the state were signed with. */
function rememberedKey(state: EmulatorState, name: string): string {
  const secrets = state.collection<string>('secrets');
  const known = secrets.get(name);
  if (known !== undefined) return known;
  const key = randomBytes(64).toString('base64');
  secrets.put(name, key);
  return key;
}

function openWorkFolder(stateFolder: string | undefined, closers: Closers): string {
  if (stateFolder === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'aml-emulator-'));
    closers.push(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    return folder;
  }
  const folder = join(stateFolder, 'work');
  mkdirSync(folder, { recursive: true });
  return folder;
}

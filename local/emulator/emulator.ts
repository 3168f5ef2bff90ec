/** Starts and ends an emulator: the one door for the command line, the demo and the tests. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBlobServer } from './blob/azurite.ts';
import { createBlobFront } from './blob/blob-front.ts';
import type { KeyedCertificate } from './certificates.ts';
import { cleanEnvironment, clientEnvironment, type ProxyCredentials } from './client-environment.ts';
import { CLOUDS, hostRole, type Cloud } from './clouds.ts';
import { startClock, type ClockSettings } from './clock.ts';
import type { EmulatorContext } from './context.ts';
import { createControlPlane } from './control-plane.ts';
import { createExchange } from './exchange.ts';
import { createFaults, type FaultRule } from './faults.ts';
import type { Route } from './http.ts';
import { createTokenIssuer } from './identity/tokens.ts';
import { createJournal, type JournalEntry, type JournalFilter } from './journal.ts';
import { createOperations } from './operations.ts';
import { createPlaneHeaders } from './plane-headers.ts';
import { createRouter } from './router.ts';
import { allRoutes } from './routes.ts';
import { startServer } from './server.ts';
import { DEFAULT_IDENTIFIERS as ids, type Settings } from './settings.ts';
import { lastMoment, openState, type EmulatorState } from './state.ts';
import { DEFAULT_TIMINGS, type Timings } from './timings.ts';
import { prepareWorkspace } from './arm/prepare-workspace.ts';

export interface EmulatorOptions {
  /** 0 or none takes a free one. */
  readonly port?: number;
  /** AzureCloud by default. */
  readonly cloud?: Cloud;
  /** Keeps everything in this folder and finds it again; without it all is gone at the end. */
  readonly stateFolder?: string;
  readonly workspace?: string;
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

export interface Emulator {
  /** `http://127.0.0.1:{port}`: the proxy and the control plane. */
  readonly url: string;
  readonly port: number;
  /** PEM file with the throw-away certificate authority, and its text. */
  readonly caFile: string;
  readonly caPem: string;
  readonly cloud: Cloud;
  readonly settings: Settings;
  readonly clock: ClockSettings;
  /** What a process needs to reach the emulator: proxy, CA file, clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** What its handlers work with: for tests that look behind the answers. */
  readonly context: EmulatorContext;
  readonly routes: readonly Route[];
  requests(filter?: JournalFilter): readonly JournalEntry[];
  /** Resolves with the matching requests once there is one, or with none when the signal aborts. */
  waitForRequest(filter: JournalFilter, signal: AbortSignal): Promise<readonly JournalEntry[]>;
  clearRequests(): void;
  /** Adds fault rules. */
  addFaults(rules: readonly FaultRule[]): void;
  clearFaults(): void;
  /** Ends everything it started and removes what it made, save the state folder. */
  close(): Promise<void>;
}

/** Starts an emulator. Rejects with the system's error (EADDRINUSE …) when its port is taken, leaving nothing behind. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: EmulatorOptions,
  closers: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<Emulator> {
  reachOneself();
  const cloud = options.cloud ?? defaultCloud();
  const originReal = Date.now();
  const remembered = options.stateFolder === undefined ? 0 : lastMoment(options.stateFolder);
  const originVirtual = Math.max(originReal, remembered);
  const clock = startClock(options.clock ?? { originReal, originVirtual, speed: options.speed ?? 1 });
  closers.push(() => {
    clock.close();
  });
  const state = openState(clock, options.stateFolder);
  closers.push(() => {
    state.close();
  });
  const folder = openWorkFolder(options.stateFolder, closers);
  const storageKey = rememberedStorageKey(state);
  const accounts = { [ids.storageAccount]: storageKey };

  const blobFolder = options.stateFolder === undefined ? {} : { folder: join(options.stateFolder, 'blob') };
  // The blob server loads in a thread of its own, and these two modules are slow to load: all at once.
  const [blobServer, [authority, principalCertificate], { openBlobAccounts }, tokens] = await Promise.all([
    startBlobServer({ clock: clock.settings, accounts, ...blobFolder }).then((server) => {
      closers.push(() => server.close());
      return server;
    }),
    import('./certificates.ts').then(({ createAuthority, createSelfSigned }) =>
      Promise.all([createAuthority(), createSelfSigned('azureml-connection')]),
    ),
    import('./blob/open-blob-accounts.ts'),
    createTokenIssuer(clock),
  ]);
  const settings = createSettings(options, storageKey, principalCertificate);
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.pem);

  const blobs = openBlobAccounts({ cloud, clock, port: blobServer.port, accounts });
  const blobFront = createBlobFront(blobServer.port);
  closers.push(() => {
    blobFront.close();
  });

  const faults = createFaults();
  const operations = createOperations({ cloud, clock, state, faults });
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const journal = createJournal(() => clock.isoZ());
  const headers = createPlaneHeaders(clock);
  const onDefect = options.onDefect ?? reportDefect;

  // The port is known only once the server listens, but children start later: they get it by reference.
  const environment: Record<string, string> = {};
  const childEnvironment = cleanEnvironment();
  const reports = new Map<string, () => unknown>();
  const starters: (() => void)[] = [];
  const context: EmulatorContext = {
    cloud,
    clock,
    state,
    blobs,
    timings,
    settings,
    operations,
    faults,
    tokens,
    workFolder: folder,
    childEnvironment,
    reports,
    onReady: (work) => starters.push(work),
    onClose: (work) => closers.push(work),
  };
  await prepareWorkspace(context);
  const router = createRouter(allRoutes(context));
  const bearer = { cloud, clock, tenantId: settings.tenantId, tokens };
  const server = await startServer({
    port: options.port ?? 0,
    authority,
    plays: (host) => hostRole(cloud, host) !== undefined,
    exchange: createExchange({
      cloud,
      clock,
      settings,
      router,
      faults,
      journal,
      headers,
      bearer,
      blobs: blobFront,
      onDefect,
    }),
    control: createControlPlane({
      cloud,
      clock,
      settings,
      faults,
      journal,
      tokens,
      headers,
      routes: router.routes,
      reports,
    }),
    journal,
    credentials: options.proxyCredentials,
  });
  closers.push(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  const { proxyCredentials } = options;
  Object.assign(environment, clientEnvironment({ url, caFile, clock: clock.settings, proxyCredentials }));
  Object.assign(childEnvironment, environment);
  for (const start of starters) start();

  return {
    url,
    port: server.port,
    caFile,
    caPem: authority.pem,
    cloud,
    settings,
    clock: clock.settings,
    environment,
    context,
    routes: router.routes,
    requests: (filter) => journal.find(filter),
    waitForRequest: (filter, signal) => journal.wait(filter, signal),
    clearRequests: () => {
      journal.clear();
    },
    addFaults: (rules) => {
      faults.add(rules);
    },
    clearFaults: () => {
      faults.clear();
    },
    close,
  };
}

/** Whatever proxy the machine's environment names is not for the blob server behind the emulator. */
function reachOneself(): void {
  process.env.NO_PROXY = [process.env.NO_PROXY, '127.0.0.1'].filter((name) => name !== undefined).join(',');
}

function defaultCloud(): Cloud {
  const [first] = CLOUDS;
  if (first === undefined) throw new Error('There is no cloud to play.');
  return first;
}

function createSettings(options: EmulatorOptions, storageKey: string, certificate: KeyedCertificate): Settings {
  return {
    tenantId: ids.tenantId,
    subscriptionId: ids.subscriptionId,
    resourceGroup: options.resourceGroup ?? ids.resourceGroup,
    workspace: options.workspace ?? ids.workspace,
    region: options.region ?? ids.region,
    storageAccount: ids.storageAccount,
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
function rememberedStorageKey(state: EmulatorState): string {
  const secrets = state.collection<string>('secrets');
  const known = secrets.get('storageKey');
  if (known !== undefined) return known;
  const key = randomBytes(64).toString('base64');
  secrets.put('storageKey', key);
  return key;
}

function openWorkFolder(stateFolder: string | undefined, closers: (() => void)[]): string {
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

function reportDefect(error: unknown, request: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`The emulator failed at ${request}\n${text}\n`);
}

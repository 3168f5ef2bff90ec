/** Starts and ends an emulator: the one door for the command line, the demo and the tests. */
import { prepareEstate } from './arm/prepare-estate.ts';
import { cleanEnvironment, clientEnvironment } from './client-environment.ts';
import { hostRole, type Cloud } from './clouds.ts';
import type { ClockSettings } from './clock.ts';
import type { EmulatorContext } from './context.ts';
import { createControlPlane } from './control-plane.ts';
import { createExchange } from './exchange.ts';
import { createFaults, type FaultRule, type Faults } from './faults.ts';
import { layFoundation, type Closers, type EmulatorOptions, type Foundation } from './foundation.ts';
import type { Route } from './http.ts';
import { noteApproval } from './identity/pipeline-approvals.ts';
import { createJournal, type Journal, type JournalEntry, type JournalFilter } from './journal.ts';
import { createOperations } from './operations.ts';
import { createPlaneHeaders } from './plane-headers.ts';
import { createRouter, type Router } from './router.ts';
import { allRoutes } from './routes.ts';
import { startServer, type EmulatorServer } from './server.ts';
import type { Settings } from './settings.ts';
import { DEFAULT_TIMINGS } from './timings.ts';

export type { EmulatorOptions } from './foundation.ts';

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
  // Children go first, while the services they talk to still answer.
  const lifetimes = { foundation: [] as Closers, parts: [] as Closers };
  const close = async (): Promise<void> => {
    for (const closers of [lifetimes.parts, lifetimes.foundation]) {
      for (const closer of closers.splice(0).reverse()) await closer();
    }
  };
  try {
    return await assemble(options, lifetimes, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: EmulatorOptions,
  lifetimes: { readonly foundation: Closers; readonly parts: Closers },
  close: () => Promise<void>,
): Promise<Emulator> {
  const foundation = await layFoundation(options, lifetimes.foundation);
  const { clock, caFile, cloud, settings } = foundation;
  const faults = createFaults();
  const journal = createJournal(() => clock.isoZ());
  const childEnvironment = cleanEnvironment();
  const starters: (() => void)[] = [];
  const context = createContext(options, foundation, faults, childEnvironment, starters, lifetimes.parts);
  await prepareEstate(context, {
    workspaces: [foundation.settings.workspace, ...(options.furtherWorkspaces ?? [])],
    registries: options.registries ?? [],
  });
  const router = createRouter(allRoutes(context));
  const server = await listen(options, { foundation, context, faults, journal, router });
  lifetimes.foundation.push(() => server.close());

  const url = `http://127.0.0.1:${server.port}`;
  const { proxyCredentials } = options;
  const environment = clientEnvironment({ url, caFile, clock: clock.settings, proxyCredentials });
  // The port is known only now, but children start later: they were given the object to be filled.
  Object.assign(childEnvironment, environment);
  for (const start of starters) start();
  const { authority } = foundation;
  const facts = { url, port: server.port, caFile, caPem: authority.pem, cloud, settings, clock: clock.settings };
  return { ...facts, environment, context, routes: router.routes, ...controls(journal, faults), close };
}

function createContext(
  options: EmulatorOptions,
  { cloud, clock, state, blobs, settings, tokens, workFolder }: Foundation,
  faults: Faults,
  childEnvironment: Readonly<Record<string, string>>,
  starters: (() => void)[],
  closers: Closers,
): EmulatorContext {
  return {
    cloud,
    clock,
    state,
    blobs,
    timings: { ...DEFAULT_TIMINGS, ...options.timings },
    settings,
    operations: createOperations({ cloud, clock, state, faults }),
    faults,
    tokens,
    workFolder,
    childEnvironment,
    reports: new Map(),
    onReady: (work) => starters.push(work),
    onClose: (work) => closers.push(work),
  };
}

interface Listening {
  readonly foundation: Foundation;
  readonly context: EmulatorContext;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly router: Router;
}

function listen(
  options: EmulatorOptions,
  { foundation, context, faults, journal, router }: Listening,
): Promise<EmulatorServer> {
  const { cloud, clock, settings, tokens, authority, blobFront } = foundation;
  const shared = { cloud, clock, settings, faults, journal, headers: createPlaneHeaders(clock) };
  return startServer({
    port: options.port ?? 0,
    authority,
    plays: (host) => hostRole(cloud, host) !== undefined,
    exchange: createExchange({
      ...shared,
      router,
      bearer: { cloud, clock, tenantId: settings.tenantId, tokens },
      blobs: blobFront,
      onDefect: options.onDefect ?? reportDefect,
    }),
    control: createControlPlane({
      ...shared,
      tokens,
      routes: router.routes,
      reports: context.reports,
      noteApproval: (decision) => {
        noteApproval(context, decision);
      },
    }),
    journal,
    credentials: options.proxyCredentials,
  });
}

/** The control plane's functions, for whoever runs the emulator in its own process. */
function controls(
  journal: Journal,
  faults: Faults,
): Pick<Emulator, 'requests' | 'waitForRequest' | 'clearRequests' | 'addFaults' | 'clearFaults'> {
  return {
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
  };
}

function reportDefect(error: unknown, request: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`The emulator failed at ${request}\n${text}\n`);
}

/** What the parts of the emulator share. One context per emulator; handlers get it when their routes are made. */
import type { Cloud } from './clouds.ts';
import type { Clock } from './clock.ts';
import type { State } from './state.ts';
import type { BlobAccounts } from './blob/blob-accounts.ts';
import type { FaultSwitches } from './faults.ts';
import type { TokenIssuer } from './identity/tokens.ts';
import type { Operations } from './operations.ts';
import type { Settings } from './settings.ts';
import type { Timings } from './timings.ts';

export interface EmulatorContext {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly state: State;
  readonly blobs: BlobAccounts;
  readonly timings: Timings;
  readonly settings: Settings;
  readonly operations: Operations;
  readonly faults: FaultSwitches;
  readonly tokens: TokenIssuer;
  /** Folder for what running jobs and deployments need on disk; the emulator removes it unless a state folder is kept. */
  readonly workFolder: string;
  /** Environment for child processes: how they reach this emulator (proxy and CA), beside a clean base. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** What a part tells about itself at `GET /_emulator/{name}`, as JSON. */
  readonly reports: Map<string, () => unknown>;
  /** Runs once the emulator listens and children can reach it: start there what comes back after a restart. */
  onReady(work: () => void): void;
  /** Runs when the emulator closes, before its servers do: end your child processes here. Last added runs first. */
  onClose(work: () => Promise<void> | void): void;
}

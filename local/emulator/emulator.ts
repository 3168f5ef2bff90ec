/** Starts and ends an emulator: the one door for the command line, the demo and the tests. */
import type { Cloud } from './clouds.ts';
import type { ClockSettings } from './clock.ts';
import type { Settings } from './settings.ts';
import type { Timings } from './timings.ts';

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
  readonly proxyCredentials?: { readonly username: string; readonly password: string };
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
  /** Ends everything it started and removes what it made, save the state folder. */
  close(): Promise<void>;
}

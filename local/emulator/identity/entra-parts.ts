/** What the Entra authority needs of the emulator. */
import type { Clock } from '../clock.ts';
import type { Cloud } from '../clouds.ts';
import type { FaultSwitches } from '../faults.ts';
import type { Settings } from '../settings.ts';
import type { TokenIssuer } from './tokens.ts';

export interface EntraParts {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly faults: FaultSwitches;
  readonly tokens: TokenIssuer;
}

import type { Rig } from './rig.ts';

/** Something that must hold on a real machine. Scenarios of a group run in order, each on what the last one left. */
export interface Scenario {
  name: string;
  run: (rig: Rig) => Promise<string | undefined>;
}

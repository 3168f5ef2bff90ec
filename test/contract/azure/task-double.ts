/** What the pipeline agent gives a task, as far as the service's side needs it. */
import type { OpenWorkspaceOptions } from '../../../tasks/common/azure/workspace.ts';
import type { NetworkSettings } from '../../../tasks/common/ports.ts';
import { virtualClock } from '../../fixtures/azure/virtual-clock.ts';
import type { VirtualClock } from '../../fixtures/azure/virtual-clock.ts';

export interface TaskDouble {
  readonly agent: OpenWorkspaceOptions['agent'];
  readonly clock: VirtualClock;
  readonly secrets: readonly string[];
  readonly lines: readonly string[];
}

export function taskDouble(network: NetworkSettings): TaskDouble {
  const clock = virtualClock(Date.now());
  const secrets: string[] = [];
  const lines: string[] = [];
  const write = (text: string) => {
    lines.push(text);
  };
  const log = {
    info: write,
    warning: write,
    debug: write,
    group: <T>(_: string, work: () => Promise<T>) => work(),
    progress: () => undefined,
  };
  const maskSecret = (value: string) => {
    secrets.push(value);
  };
  return { agent: { log, clock, network, maskSecret }, clock, secrets, lines };
}

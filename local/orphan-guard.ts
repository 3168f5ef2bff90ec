/**
 * Cleans up after a local run that could not do it itself, a kill -9 included. A process of its own: it reads on its
 * input what there is to clean up, one JSON object a line, and acts when the input ends without a `done`.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { killLeftovers } from './agent/leftovers.ts';

/** One line of input. */
export interface GuardOrder {
  /** Processes that carry this mark are killed. */
  readonly lookupId?: string;
  /** This folder is removed. */
  readonly folder?: string;
  /** Everything is cleaned up already. */
  readonly done?: boolean;
}

/** Others that end with the run may still write for a moment. */
const ROUNDS = 20;
const ROUND_MS = 500;

async function guard(): Promise<void> {
  const lookupIds: string[] = [];
  const folders: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line) as GuardOrder;
    if (order.done === true) return;
    if (order.lookupId !== undefined) lookupIds.push(order.lookupId);
    if (order.folder !== undefined) folders.push(order.folder);
  }
  for (const lookupId of lookupIds) await killLeftovers(lookupId);
  for (let round = 0; round < ROUNDS; round++) {
    for (const folder of folders) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    await delay(ROUND_MS);
  }
}

await guard();

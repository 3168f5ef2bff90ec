/** What a rollout did and when, for the log and for the summary. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import { trafficText, type Traffic } from '../domain/traffic.ts';
import type { Context } from './task-context.ts';

export class Timeline {
  readonly #context: Context;
  readonly #started: number;
  readonly #rows: (readonly string[])[] = [];
  #traffic: Traffic;

  constructor(context: Context, traffic: Traffic) {
    this.#context = context;
    this.#started = context.agent.clock.now();
    this.#traffic = traffic;
  }

  /** Notes something that happened; the traffic where it has changed with it. */
  note(text: string, traffic?: Traffic): void {
    const { log, clock } = this.#context.agent;
    this.#traffic = traffic ?? this.#traffic;
    const elapsed = elapsedText(clock.now() - this.#started);
    const shares = traffic === undefined ? '' : ` (traffic: ${trafficText(traffic)})`;
    log.info(`[${elapsed}] ${text}${shares}`);
    this.#rows.push([elapsed, escapeMarkdown(text), escapeMarkdown(trafficText(this.#traffic))]);
  }

  /** The page of the run's summary. */
  summary(title: string): string {
    return `### ${escapeMarkdown(title)}\n\n${markdownTable(['After', 'What', 'Traffic'], this.#rows)}`;
  }
}

/** What a step did and when, for the log and for the summary. */
import { elapsedText } from '../domain/elapsed-time.ts';
import { escapeMarkdown, markdownTable } from '../domain/markdown.ts';
import type { OperationAgent } from './task-context.ts';

export class StepNotes {
  readonly #agent: Pick<OperationAgent, 'log' | 'clock'>;
  readonly #started: number;
  readonly #rows: (readonly string[])[] = [];

  constructor(agent: Pick<OperationAgent, 'log' | 'clock'>) {
    this.#agent = agent;
    this.#started = agent.clock.now();
  }

  /** Milliseconds since the first note could be made. */
  get elapsedMs(): number {
    return this.#agent.clock.now() - this.#started;
  }

  add(text: string): void {
    const elapsed = elapsedText(this.elapsedMs);
    this.#agent.log.info(`[${elapsed}] ${text}`);
    this.#rows.push([elapsed, escapeMarkdown(text)]);
  }

  /** The page of the run's summary. */
  summary(title: string): string {
    return `### ${escapeMarkdown(title)}\n\n${markdownTable(['After', 'What'], this.#rows)}`;
  }
}

/** How large a pipeline may become (documentation: "Templates", limits on imposed by the service). */
import type { Place } from '../document/document-node.ts';

export const MAX_FILES = 100;
export const MAX_NESTING = 100;
/** Nodes, loops and evaluations while everything is expanded. */
const MAX_EVENTS = 1_000_000;
/** Characters of all texts made, as a stand-in for the documented 20 MB. */
const MAX_CHARACTERS = 20 * 1024 * 1024;

/** Ends the expansion at once; the place is where the limit was passed. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
  readonly place: Place;

  constructor(place: Place, sentence: string) {
    super(sentence);
    this.place = place;
  }
}

/** Counts what an expansion makes and throws LimitExceeded when it is too much. */
export class Budget {
  #events = 0;
  #characters = 0;
  readonly #files = new Set<string>();

  readonly spend = (place: Place): void => {
    if (++this.#events > MAX_EVENTS) {
      throw new LimitExceeded(place, `The pipeline is too large: more than ${MAX_EVENTS} nodes and loop turns.`);
    }
  };

  spendText(place: Place, text: string): void {
    this.#characters += text.length;
    if (this.#characters > MAX_CHARACTERS) {
      throw new LimitExceeded(place, 'The pipeline is too large: more than 20 MB when expanded.');
    }
  }

  spendFile(place: Place, file: string): void {
    this.#files.add(file);
    if (this.#files.size > MAX_FILES) {
      throw new LimitExceeded(place, `More than ${MAX_FILES} files: the service takes no more in one pipeline.`);
    }
  }

  checkNesting(place: Place, depth: number): void {
    if (depth > MAX_NESTING) {
      throw new LimitExceeded(place, `Templates are nested more than ${MAX_NESTING} levels deep; one includes itself.`);
    }
  }
}

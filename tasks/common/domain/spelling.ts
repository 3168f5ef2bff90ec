/** Guesses what a user meant. */

/**
 * The candidate closest to a word: at most a third of its letters (and at least one) typed wrong, letter case ignored.
 * Undefined when nothing is that close.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.floor(word.length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    // As many letters must be typed wrong as the lengths differ by.
    if (Math.abs(candidate.length - word.length) > allowed) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  return best !== undefined && best.distance <= allowed ? best.candidate : undefined;
}

/** Insertions, deletions and replacements of a letter, and neighbouring letters that have changed places, counted once each. */
function editDistance(left: string, right: string): number {
  const source = Array.from(left);
  const target = Array.from(right);
  let beforePrevious: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (const [row, letter] of source.entries()) {
    const current = [row + 1];
    for (const [column, other] of target.entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const isSwapped = row > 0 && column > 0 && letter === target[column - 1] && other === source[row - 1];
      const swapped = isSwapped ? (beforePrevious[column - 1] ?? 0) + 1 : Infinity;
      current.push(Math.min(replaced, swapped, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

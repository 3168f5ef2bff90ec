/** A mistake of whoever called, or something missing on their machine: one sentence, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

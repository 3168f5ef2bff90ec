/** What the user can put right: told in one sentence, without a stack. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/** A command line that makes no sense; ends with exit code 2. */
export class UsageError extends UserError {
  override readonly name: string = 'UsageError';
}

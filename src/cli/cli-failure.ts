/** A command that was understood but failed: exit code 1. */
export class CliFailure extends Error {
  /** What the user can do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'CliFailure';
    this.hint = hint;
  }
}

/** Wrong usage that the argument parser cannot detect: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** @param text message of the argument parser: `error: …`, perhaps with a suggestion on its own line */
export function formatUsageError(text: string, json: boolean): string {
  if (!json) return text;
  const [message = '', ...hints] = text.trim().split('\n');
  const hint = hints.length === 0 ? undefined : hints.join(' ').replace(/^\((.*)\)$/s, '$1');
  return `${JSON.stringify({ error: { message: message.replace(/^error: /, ''), hint } })}\n`;
}

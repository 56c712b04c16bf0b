import { AlertError } from '../alert/parse-alert.ts';
import { maskNumbers } from '../alert/phone.ts';
import { ConfigError, formatFault } from '../config/fault.ts';
import { RedisUnavailableError } from '../redis/unavailable.ts';
import type { CliDeps } from './cli-deps.ts';

/** The command was understood and could not be done: exit code 1. */
export class CliFailure extends Error {
  /** What to do about it, in words. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'CliFailure';
    this.hint = hint;
  }
}

/** The command was typed wrongly in a way that the argument parser cannot see: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Tells a person on stderr, and with `--json` a program on stdout, what went wrong. Returns the exit code. */
export function reportFailure(error: unknown, { stdout, stderr }: Pick<CliDeps, 'stdout' | 'stderr'>, json: boolean): 1 {
  const { message, lines = [], hint, errors } = factsOf(error);
  stderr.write(`${[`error: ${message}`, ...lines.map((line) => `  ${line}`), ...(hint === undefined ? [] : [hint])].join('\n')}\n`);
  if (json) stdout.write(`${JSON.stringify({ error: { message, errors } })}\n`);
  return 1;
}

/** Tells a person what a bug report about an adapter needs. */
export function reportAdapterBug(error: unknown, provider: string, { stderr }: Pick<CliDeps, 'stderr'>): void {
  stderr.write(`${provider}: a bug in its adapter: ${maskNumbers(stackOf(error))}\n`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

interface FailureFacts {
  readonly message: string;
  /** Fault by fault, for a person. */
  readonly lines?: readonly string[];
  /** The same for a program: each with `path` and `message`. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly hint?: string | undefined;
}

function factsOf(error: unknown): FailureFacts {
  if (error instanceof CliFailure) return error;
  if (error instanceof RedisUnavailableError) return { message: error.message };
  if (error instanceof AlertError) {
    const lines = error.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    return { message: 'the alert was refused, nothing was queued', lines, errors: error.issues };
  }
  if (error instanceof ConfigError) {
    const { faults } = error;
    const message = faults.length === 1 ? 'the config has a fault' : `the config has ${faults.length} faults`;
    return { message, lines: faults.map(formatFault), errors: faults };
  }
  // Not foreseen, so a fault of ours: the stack is what a bug report needs.
  return { message: `unexpected: ${stackOf(error)}` };
}

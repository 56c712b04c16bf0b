import { AlertError } from '../alert/parse/parse-alert.ts';
import { maskNumbers } from '../alert/phone/phone.ts';
import { ConfigError, formatFault } from '../config/fault.ts';
import { RedisUnavailableError } from '../redis/unavailable.ts';
import type { CliDeps } from './cli-deps.ts';
import { CliFailure } from './cli-failure.ts';

/** Writes an error to stderr, as text or with `--json` as JSON. Returns the exit code. */
export function reportFailure(error: unknown, { stderr }: Pick<CliDeps, 'stderr'>, json: boolean): 1 {
  const { message, lines = [], hint, errors } = factsOf(error);
  const text = [`error: ${message}`, ...lines.map((line) => `  ${line}`), ...(hint === undefined ? [] : [hint])].join('\n');
  stderr.write(`${json ? JSON.stringify({ error: { message, hint, errors } }) : text}\n`);
  return 1;
}

/** Writes what a bug report about an adapter needs. */
export function reportAdapterBug(error: unknown, provider: string, { stderr }: Pick<CliDeps, 'stderr'>): void {
  stderr.write(`${provider}: a bug in its adapter: ${maskNumbers(stackOf(error))}\n`);
}

export function faultCount({ faults }: ConfigError): string {
  return faults.length === 1 ? 'the config has a fault' : `the config has ${faults.length} faults`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

interface FailureFacts {
  readonly message: string;
  /** Faults as text, one per line. */
  readonly lines?: readonly string[];
  /** Faults for programs, each with `path` and `message`. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly hint?: string | undefined;
}

function factsOf(error: unknown): FailureFacts {
  if (error instanceof CliFailure) return error;
  if (error instanceof RedisUnavailableError) return { message: error.message };
  if (error instanceof AlertError) {
    const lines = error.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    return { message: 'the alert was rejected; nothing was queued', lines, errors: error.issues };
  }
  if (error instanceof ConfigError) {
    const { faults } = error;
    return { message: faultCount(error), lines: faults.map(formatFault), errors: faults };
  }
  // An unexpected error is a bug: a bug report needs the stack.
  return { message: `unexpected error: ${stackOf(error)}` };
}

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

/** Tells a person, or with `--json` a program, on stderr what went wrong. Returns the exit code. */
export function reportFailure(error: unknown, { stderr }: Pick<CliDeps, 'stderr'>, json: boolean): 1 {
  const { message, lines = [], hint, errors } = factsOf(error);
  const told = [`error: ${message}`, ...lines.map((line) => `  ${line}`), ...(hint === undefined ? [] : [hint])].join('\n');
  stderr.write(`${json ? JSON.stringify({ error: { message, hint, errors } }) : told}\n`);
  return 1;
}

/** @param text as the argument parser words it: `error: …`, and perhaps a suggestion on a line of its own */
export function formatUsageError(text: string, json: boolean): string {
  if (!json) return text;
  const [message = '', ...hints] = text.trim().split('\n');
  const hint = hints.length === 0 ? undefined : hints.join(' ').replace(/^\((.*)\)$/s, '$1');
  return `${JSON.stringify({ error: { message: message.replace(/^error: /, ''), hint } })}\n`;
}

/** Tells a person what a bug report about an adapter needs. */
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
    return { message: faultCount(error), lines: faults.map(formatFault), errors: faults };
  }
  // Not foreseen, so a fault of ours: the stack is what a bug report needs.
  return { message: `unexpected: ${stackOf(error)}` };
}

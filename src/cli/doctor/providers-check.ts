import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import type { Check } from '../../provider/contract/provider.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatDuration } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { UsageError } from '../cli-failure.ts';
import { type CommonOptions, callDeadline, printJson } from '../command-context.ts';
import { noSuch } from '../options/suggestions.ts';
import { reportAdapterBug } from '../report-failure.ts';
import { createProgressLine } from '../terminal/progress-line.ts';
import { VERDICT_SIGNS } from './diagnosis.ts';

export interface CheckRow {
  readonly provider: string;
  readonly type: string;
  /** `null` when it concerns the check itself. */
  readonly subject: Check['subject'] | null;
  readonly verdict: Check['verdict'];
  readonly detail: string;
}

/** Checks all providers, or those named, in parallel. Sends no message. Exit code 1 when a check failed. */
export async function checkProviders(deps: CliDeps, named: readonly string[], options: CommonOptions): Promise<number> {
  const { config } = await deps.loadConfig(options.config);
  const names = pickNames(named, config);
  const waiting = new Set(names);
  const progress = createProgressLine(deps.stderr);
  const show = () =>
    progress.show(`checking: ${names.length - waiting.size} of ${names.length} done, waiting for ${[...waiting].join(', ')}`);
  show();
  const rows = await Promise.all(
    names.map(async (name) => {
      const found = await checkProvider(deps, config, name);
      waiting.delete(name);
      if (waiting.size > 0) show();
      return found;
    }),
  ).finally(progress.clear);

  const checks = rows.flat();
  const ok = checks.every(({ verdict }) => verdict !== 'failed');
  if (options.json) printJson(deps, { ok, checks });
  else deps.stdout.write(`${formatChecks(checks)}\n`);
  return ok ? 0 : 1;
}

function pickNames(named: readonly string[], { providers }: Config): string[] {
  const known = [...providers.keys()];
  const unknown = named.filter((name) => !providers.has(name));
  if (unknown.length > 0) {
    throw new UsageError(unknown.map((name) => noSuch('provider', name, known)).join('; '));
  }
  return named.length === 0 ? known : [...new Set(named)];
}

const CANNOT = 'this type cannot be checked without sending a message';
/** Grace period after the deadline: a check that handles the abort signal returns its partial result within it. */
const LAST_WORDS_MS = 1000;

/** @param patienceMs deadline of the caller, where it is shorter than the provider's own timeout */
export async function checkProvider(
  deps: CliDeps,
  config: Config,
  name: string,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<CheckRow[]> {
  const { type, timeoutMs: ownMs } = config.providers.get(name) as NonNullable<ReturnType<Config['providers']['get']>>;
  const timeoutMs = Math.min(ownMs, patienceMs);
  const row = (check: Omit<CheckRow, 'provider' | 'type'>): CheckRow => ({ provider: name, type, ...check });
  const about = (verdict: Check['verdict'], detail: string) => [row({ subject: null, verdict, detail })];
  const late = new AbortController();
  try {
    const provider = await deps.openProvider(config, name);
    try {
      const checks = await Promise.race([
        provider.check?.(callDeadline(timeoutMs)) ?? [],
        pause(timeoutMs + LAST_WORDS_MS, 'late' as const, { signal: late.signal }),
      ]);
      if (checks === 'late')
        return about('failed', `no answer within ${formatDuration(timeoutMs)}${timeoutMs < ownMs ? '' : ', the timeout of the provider'}`);
      return checks.length === 0 ? about('unchecked', CANNOT) : checks.map(row);
    } finally {
      await provider.close();
    }
  } catch (error) {
    reportAdapterBug(error, name, deps);
    return about('failed', 'the adapter failed unexpectedly (a bug)');
  } finally {
    late.abort();
  }
}

function formatChecks(checks: readonly CheckRow[]): string {
  return formatTable([
    ['PROVIDER', 'CHECK', 'VERDICT', 'DETAIL'],
    ...checks.map(({ provider, subject, verdict, detail }) => [provider, subject ?? '-', `${VERDICT_SIGNS[verdict]} ${verdict}`, detail]),
  ]);
}

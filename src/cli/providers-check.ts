import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { didYouMean, listNames } from '../config/suggest.ts';
import type { Check } from '../provider/check.ts';
import { callDeadline } from './call-deadline.ts';
import type { CliDeps } from './cli-deps.ts';
import { reportAdapterBug, UsageError } from './cli-failure.ts';
import { type CommonOptions, printJson } from './command-context.ts';
import { formatTable } from './format-table.ts';
import { formatDuration } from './format-time.ts';
import { createProgressLine } from './progress-line.ts';

interface CheckRow {
  readonly provider: string;
  readonly type: string;
  /** `null` when it is about the check itself. */
  readonly subject: Check['subject'] | null;
  readonly verdict: Check['verdict'];
  readonly detail: string;
}

/** A sign for the eye beside the word; the word alone says it all. */
const SIGNS: Readonly<Record<Check['verdict'], string>> = { ok: '✓', warning: '!', failed: '✗', unchecked: '–' };

/** Looks at each provider, or at those named, all side by side. Sends no text. Exit code 1 when anything failed. */
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
    const faults = unknown.map((name) => `no provider is named "${name}" (${didYouMean(name, known) ?? `there are ${listNames(known)}`})`);
    throw new UsageError(faults.join('; '));
  }
  return named.length === 0 ? known : [...new Set(named)];
}

const CANNOT = 'this type cannot be checked without sending a text';
/** Whoever heeds the signal has said by then what it knows. */
const LAST_WORDS_MS = 1000;

async function checkProvider(deps: CliDeps, config: Config, name: string): Promise<CheckRow[]> {
  const { type, timeoutMs } = config.providers.get(name) as NonNullable<ReturnType<Config['providers']['get']>>;
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
      if (checks === 'late') return about('failed', `no answer within ${formatDuration(timeoutMs)}, the timeout of the provider`);
      return checks.length === 0 ? about('unchecked', CANNOT) : checks.map(row);
    } finally {
      await provider.close();
    }
  } catch (error) {
    reportAdapterBug(error, name, deps);
    return about('failed', 'a bug in the adapter');
  } finally {
    late.abort();
  }
}

function formatChecks(checks: readonly CheckRow[]): string {
  return formatTable([
    ['PROVIDER', 'WHAT', 'VERDICT', 'DETAIL'],
    ...checks.map(({ provider, subject, verdict, detail }) => [provider, subject ?? '-', `${SIGNS[verdict]} ${verdict}`, detail]),
  ]);
}

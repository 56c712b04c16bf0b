import type { Config } from '../../config/config.ts';
import type { CliDeps } from '../cli-deps.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type CheckRow, checkProvider } from './providers-check.ts';

/** For all of them: somebody waits. */
const DEADLINE_MS = 10_000;

/** Asks every vendor at once whether it would serve us. Sends no text. */
export async function diagnoseProviders(deps: CliDeps, config: Config): Promise<Diagnosis[]> {
  const found = await Promise.all(
    [...config.providers.keys()].map(async (name) => ofRows(name, await checkProvider(deps, config, name, DEADLINE_MS))),
  );
  return found.flat();
}

/** What is well in one line, what is not in one each. */
function ofRows(name: string, rows: readonly CheckRow[]): Diagnosis[] {
  const subject = `provider ${name}`;
  const well = rows.filter(({ verdict }) => verdict === 'ok').map(({ subject: what }) => what ?? 'it');
  const wrong = rows.filter(({ verdict }) => verdict === 'failed' || verdict === 'warning');
  const unchecked = rows.filter(({ verdict }) => verdict === 'unchecked');
  return [
    ...(well.length === 0 ? [] : [{ subject, verdict: 'ok', found: well.join(', ') } as const]),
    ...wrong.map(
      ({ subject: what, verdict, detail }): Diagnosis => ({
        subject,
        verdict,
        found: what === null ? detail : `${what}: ${detail}`,
        todo:
          verdict === 'failed'
            ? `Correct it in the config or in the vendor's console, then: sms-dispatch providers check ${name}`
            : undefined,
      }),
    ),
    ...(well.length + wrong.length > 0 || unchecked.length === 0
      ? []
      : [{ subject, verdict: 'unchecked', found: unchecked.map(({ detail }) => detail).join('; ') } as const]),
  ];
}

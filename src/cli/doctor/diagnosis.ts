import type { HealthFinding } from '../../overview/finding.ts';
import { displayWidth } from '../../text/display-width.ts';
import { formatTable } from '../../text/format-table.ts';
import { createPaint, type Paint } from '../terminal/printable-text.ts';

/** Result of one check of `doctor`. Safe to print: it contains no secret and no phone number. */
export interface Diagnosis {
  /** Subject of the check, such as `redis`, `provider twilio-main`. */
  readonly subject: string;
  /** `unchecked`: it cannot be checked from here. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'unchecked';
  /** Result of the check. */
  readonly found: string;
  /** Remedy; always present when the check failed. */
  readonly todo?: string | undefined;
  /** Finding in the running system: the same object as in `status --json`. */
  readonly finding?: HealthFinding;
}

export const VERDICT_SIGNS: Readonly<Record<Diagnosis['verdict'], string>> = { ok: '✓', warning: '!', failed: '✗', unchecked: '–' };
const STYLES: Readonly<Record<Diagnosis['verdict'], keyof Paint>> = { ok: 'green', warning: 'yellow', failed: 'red', unchecked: 'dim' };

/** Formats one line per check, with its sign; a remedy follows on its own line. */
export function formatDiagnoses(diagnoses: readonly Diagnosis[], colour: boolean): string {
  const paint = createPaint(colour);
  const lines = formatTable(diagnoses.map(({ verdict, subject, found }) => [VERDICT_SIGNS[verdict], subject, found])).split('\n');
  const indent = ' '.repeat(3 + Math.max(0, ...diagnoses.map(({ subject }) => displayWidth(subject))) + 2);
  return lines
    .flatMap((line, index) => {
      const { verdict, todo } = diagnoses[index] as Diagnosis;
      return [paint[STYLES[verdict]](line.slice(0, 1)) + line.slice(1), ...(todo === undefined ? [] : [`${indent}→ ${todo}`])];
    })
    .join('\n');
}

/** Summarises the checks. */
export function concludeDiagnoses(diagnoses: readonly Diagnosis[]): string {
  const count = (verdict: Diagnosis['verdict']) => diagnoses.filter((diagnosis) => diagnosis.verdict === verdict).length;
  const [failed, warnings] = [count('failed'), count('warning')];
  if (failed === 0 && warnings === 0) return 'no problems found';
  return [...(failed > 0 ? [`${failed} failed`] : []), ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}`] : [])].join(
    ', ',
  );
}

import type { HealthFinding } from '../../overview/finding.ts';
import { displayWidth } from '../../text/display-width.ts';
import { formatTable } from '../../text/format-table.ts';
import { createPaint, type Paint } from '../terminal/printable-text.ts';

/** One thing that `doctor` looked at. Fit to print: no secret and no phone number is in it. */
export interface Diagnosis {
  /** Such as `redis`, `provider twilio-main`. */
  readonly subject: string;
  /** `unchecked`: there is no way to learn it from here. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'unchecked';
  /** What was found. */
  readonly found: string;
  /** What to do about it: always there when it failed. */
  readonly todo?: string | undefined;
  /** Of the running system: the same object as `status --json` has. */
  readonly finding?: HealthFinding;
}

export const VERDICT_SIGNS: Readonly<Record<Diagnosis['verdict'], string>> = { ok: '✓', warning: '!', failed: '✗', unchecked: '–' };
const STYLES: Readonly<Record<Diagnosis['verdict'], keyof Paint>> = { ok: 'green', warning: 'yellow', failed: 'red', unchecked: 'dim' };

/** One line each, signed; what to do stands beneath what is wrong. */
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

/** What it comes to. */
export function concludeDiagnoses(diagnoses: readonly Diagnosis[]): string {
  const count = (verdict: Diagnosis['verdict']) => diagnoses.filter((diagnosis) => diagnosis.verdict === verdict).length;
  const [failed, warnings] = [count('failed'), count('warning')];
  if (failed === 0 && warnings === 0) return 'nothing is wrong';
  return [...(failed > 0 ? [`${failed} failed`] : []), ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}`] : [])].join(
    ', ',
  );
}

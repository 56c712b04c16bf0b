import type { EndReports } from '../../src/pipeline/end-report.ts';
import type { Observer } from '../../src/pipeline/observer.ts';

/** What is reported for the log alone. */
const REPORTS: readonly string[] = ['messageEnded', 'alertEnded', 'limitReached'] satisfies (keyof EndReports)[];

/** One call of an observer: the name of its method, then what it was told. */
export type Told = { [Name in keyof Observer]: [Name, ...Parameters<Observer[Name]>] }[keyof Observer];

export interface RecordingObserver {
  readonly observer: Observer;
  /** Everything that is counted, in order. */
  readonly told: Told[];
  /** Everything that is reported for the log, in order. */
  readonly reported: Told[];
  /** What one method was told, in order: its first argument, or all of them where it takes several. */
  heard(name: keyof Observer): unknown[];
}

export function createRecordingObserver(): RecordingObserver {
  const told: Told[] = [];
  const reported: Told[] = [];
  const record =
    (_target: object, name: string) =>
    (...args: unknown[]) =>
      void (REPORTS.includes(name) ? reported : told).push([name, ...args] as Told);
  return {
    observer: new Proxy({}, { get: record }) as Observer,
    told,
    reported,
    heard: (name) =>
      [...told, ...reported].filter(([method]) => method === name).map(([, ...args]) => (args.length === 1 ? args[0] : args)),
  };
}

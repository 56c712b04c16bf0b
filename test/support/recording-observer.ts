import type { Observer } from '../../src/pipeline/observer.ts';

/** One call of an observer: the name of its method, then what it was told. */
export type Told = { [Name in keyof Observer]: [Name, ...Parameters<Observer[Name]>] }[keyof Observer];

export interface RecordingObserver {
  readonly observer: Observer;
  /** Everything told, in order. */
  readonly told: Told[];
  /** What one method was told, in order: its first argument, or all of them where it takes several. */
  heard(name: keyof Observer): unknown[];
}

export function createRecordingObserver(): RecordingObserver {
  const told: Told[] = [];
  const record =
    (_target: object, name: string) =>
    (...args: unknown[]) =>
      void told.push([name, ...args] as Told);
  return {
    observer: new Proxy({}, { get: record }) as Observer,
    told,
    heard: (name) => told.filter(([method]) => method === name).map(([, ...args]) => (args.length === 1 ? args[0] : args)),
  };
}

/** One fault of a scenario, as it took place. */
export interface Fault {
  readonly what: string;
  /** How often it was seen to take effect; 0 for a fault that met nothing. */
  readonly effect: number;
  /** Set where the fault is a reason for not knowing how a provider call went. */
  readonly doubt?: Doubt;
}

/** The time during which a process may have failed to receive, or to store, the answer of a provider. */
export interface Doubt {
  readonly fromMs: number;
  readonly toMs: number;
  /** Name of the process; absent: every process. */
  readonly process?: string;
}

export interface FaultRecorder {
  readonly faults: readonly Fault[];
  /** Records a fault after which the outcome of every call is known. */
  record(what: string, effect: number): void;
  /** Starts a fault that leaves calls in doubt; the function it returns ends the fault. */
  start(what: string, process?: string): (effect: number) => void;
}

/** Epoch milliseconds that follow the monotonic clock, so that no step of the wall clock changes them. */
export function observedNow(): number {
  return performance.timeOrigin + performance.now();
}

export function createFaultRecorder(now: () => number = observedNow): FaultRecorder {
  const faults: Fault[] = [];
  return {
    faults,
    record: (what, effect) => void faults.push({ what, effect }),
    start(what, process) {
      const fromMs = now();
      return (effect) => void faults.push({ what, effect, doubt: { fromMs, toMs: now(), ...(process === undefined ? {} : { process }) } });
    },
  };
}

/** Faults that the scenario declares and that had no effect: its history proves nothing about them. */
export function ineffective(faults: readonly Fault[]): string[] {
  if (faults.length === 0) return ['no fault: the scenario recorded none'];
  const effects = new Map<string, number>();
  for (const { what, effect } of faults) effects.set(what, (effects.get(what) ?? 0) + effect);
  return [...effects].filter(([, effect]) => !(effect > 0)).map(([what]) => `no fault: ${what} had no effect`);
}

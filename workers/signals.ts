const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** A terminal tells the whole process group, and `npm` tells its child again: one key press, two signals. */
const ECHO_MS = 300;

let lastAt = Number.NEGATIVE_INFINITY;

/** Resolves with the name of the next signal to end; an echo of the one before is not one. */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const listen = (signal: string) => {
      const now = performance.now();
      if (now - lastAt < ECHO_MS) return;
      lastAt = now;
      for (const name of SIGNALS) process.off(name, listen);
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, listen);
  });
}

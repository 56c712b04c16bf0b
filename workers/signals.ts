import { isatty } from 'node:tty';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** A terminal signals the whole process group, and `npm` forwards the signal to its child: one key press, two signals. */
const ECHO_MS = 300;

let lastAt = Number.NEGATIVE_INFINITY;

/** Resolves with the name of the next signal; a duplicate within 300 ms of the last one does not count. */
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

/** Keeps listeners, so that a third signal does not end the process while the second one is making it exit. */
export function keepListening(): void {
  for (const name of SIGNALS) process.on(name, () => undefined);
}

/** Calls `reload` at each SIGHUP, except for the one that a closed terminal sends: that one ends the process. */
export function onHangUp(reload: () => void): void {
  const hadTerminal = isatty(0);
  process.on('SIGHUP', () => {
    if (hadTerminal && !isatty(0)) process.kill(process.pid, 'SIGTERM');
    else reload();
  });
}

import { isatty } from 'node:tty';

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

/** Calls back at each SIGHUP. The one that a closed terminal sends is no such call, but the end. */
export function onHangUp(reload: () => void): void {
  const hadTerminal = isatty(0);
  process.on('SIGHUP', () => {
    if (hadTerminal && !isatty(0)) process.kill(process.pid, 'SIGTERM');
    else reload();
  });
}

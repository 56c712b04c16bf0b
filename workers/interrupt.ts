const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Ends the process at the first signal, with one line and the exit code that shells expect.
 * @returns a function that removes the handlers, for a command that has work to finish first
 */
export function exitOnSignal(say: (line: string) => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    say('\ninterrupted: what was already submitted stays; the rest was not done\n');
    process.exit(CODES[signal as keyof typeof CODES]);
  };
  const signals = Object.keys(CODES) as NodeJS.Signals[];
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Ends the process at the first signal, with one line and the exit code that shells know.
 * @returns lets go again, for whoever has something to finish first
 */
export function endWhenTold(say: (line: string) => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    say('\ninterrupted: what was handed over stays; the rest was not done\n');
    process.exit(CODES[signal as keyof typeof CODES]);
  };
  const signals = Object.keys(CODES) as NodeJS.Signals[];
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

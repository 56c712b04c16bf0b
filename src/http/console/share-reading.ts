/** One reading for all who ask while it is under way, and for `forMs` after it came. One that fails is told to those who waited alone. */
export function shareReading<T>(read: () => Promise<T>, forMs: number): () => Promise<T> {
  let shared: Promise<T> | undefined;
  return () => {
    if (shared !== undefined) return shared;
    const reading = read();
    shared = reading;
    const forget = () => {
      if (shared === reading) shared = undefined;
    };
    reading.then(() => setTimeout(forget, forMs).unref(), forget);
    return reading;
  };
}

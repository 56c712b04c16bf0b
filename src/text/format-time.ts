/** `2026-11-20 03:00:00 UTC`: the same on every machine, whatever its locale and zone. */
export function formatTime(at: string | Date): string {
  return `${formatStamp(at).slice(0, 19)} UTC`;
}

/** `2026-11-20 03:00:00.123`, in UTC, for a column of times. */
export function formatStamp(at: string | Date): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 23);
}

/** The same words, with the times in them as people write them. */
export function readable(words: string): string {
  return words.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, formatTime);
}

/** Elapsed time as a person would say it: `0.73 s`, `1.2 s`, `12 s`, `2 min 5 s`, `3 h 0 min`, `2 d 4 h`. */
export function formatElapsed(elapsedMs: number): string {
  // Two machines' clocks may differ by more than the time between them.
  const ms = Math.max(elapsedMs, 0);
  if (ms < 10_000) return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** A duration as the config writes it: `30s`, `1h`, `1h30m`, `0`. */
export function formatDuration(ms: number): string {
  let rest = ms;
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0';
}

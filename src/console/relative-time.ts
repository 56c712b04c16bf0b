/** Formats `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`, `in 5 min`. The near future counts as now, because clocks differ slightly. */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  if (Math.abs(seconds) < 3) return 'now';
  const span = spanOf(Math.abs(seconds));
  return seconds > 0 ? `${span} ago` : `in ${span}`;
}

/** Formats `12 s`, `5 min`, `3 h`, `2 d`. */
export function spanOf(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

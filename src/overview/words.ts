import { formatElapsed } from '../text/format-time.ts';

/** `95%`, rounded down: 100% is said of what is full only. */
export function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 100)}%`;
}

/** `5 min`, `2 min 5 s`, `45 s`. */
export function formatSpan(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds)} s` : formatElapsed(seconds * 1000).replace(' min 0 s', ' min');
}

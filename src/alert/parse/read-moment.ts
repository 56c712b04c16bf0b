import { z } from 'zod';

/** The last millisecond of the year 9999. */
const LATEST = Date.UTC(10_000, 0) - 1;

/** Time in job data, ms since the epoch; larger values would give an invalid Date. */
export const epochMs = z.number().min(0).max(LATEST);

const ISO = /^\s*(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?([Zz]|[+-]\d\d:?\d\d)\s*$/;

/**
 * Seconds, milliseconds, microseconds or nanoseconds since 1970: each unit covers the years 1978 to 9999, the last of
 * which means "never".
 */
const UNITS_PER_MS = [0.001, 1, 1_000, 1_000_000] as const;
const SHORTEST = 1e8;
/** The first second of the year 10000. */
const LONGEST = 253_402_300_800;

/**
 * Parses a point in time in the notations that senders use: ISO 8601 with zone in any case, or a number since 1970 in
 * seconds, milliseconds, microseconds or nanoseconds, also as text. Returns ISO 8601; `null` for the zero value (year 1
 * in Go, 0 in Unix), which means "none"; `undefined` for anything else, such as a time without zone.
 */
export function readMoment(value: unknown): string | null | undefined {
  if (typeof value === 'number') return ofNumber(value);
  if (typeof value !== 'string') return undefined;
  if (/^\s*\d{1,19}(?:\.\d{1,9})?\s*$/.test(value)) return ofNumber(Number(value));
  const [, day, time, zone] = ISO.exec(value) ?? [];
  if (day === undefined || time === undefined || zone === undefined) return undefined;
  const offset = /^[Zz]$/.test(zone) ? 'Z' : zone.replace(/^(...):?/, '$1:');
  const seconds = time.length === 5 ? ':00' : '';
  const iso = `${day}T${time.replace(',', '.')}${seconds}${offset}`;
  if (Number.isNaN(Date.parse(iso)) || !isDay(day)) return undefined;
  return Date.parse(iso) <= 0 ? null : iso;
}

function ofNumber(value: number): string | null | undefined {
  if (value === 0) return null;
  const unit = UNITS_PER_MS.findIndex((_, index) => value <= LONGEST * 1000 ** index);
  if (!(value >= SHORTEST) || unit === -1) return undefined;
  // ISO 8601 has another form for five-digit years.
  return new Date(Math.min(Math.floor(value / (UNITS_PER_MS[unit] as number)), LONGEST * 1000 - 1)).toISOString();
}

/** Rejects days that do not exist: JavaScript reads 30 February as 2 March. */
function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

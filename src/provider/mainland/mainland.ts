import type { E164 } from '../../alert/phone/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** China Standard Time, in the whole country and all year. */
const OFFSET_MS = 8 * HOUR_MS;

/**
 * Returns the time until `hour` o'clock in Beijing. In the first minute after the hour it is a minute: a vendor that
 * still rejects then has a clock behind ours.
 */
export function msUntilBeijing(hour: number, now: Date): number {
  const sinceMs = (now.getTime() + OFFSET_MS - hour * HOUR_MS) % DAY_MS;
  return sinceMs < MINUTE_MS ? MINUTE_MS : DAY_MS - sinceMs;
}

/** Formats the day in Beijing: `20261120`. */
export function formatBeijingDay(at: Date): string {
  return digitsOf(at, 'yyyy-mm-dd'.length);
}

/** Formats the hour in Beijing: `2026112011`. */
export function formatBeijingHour(at: Date): string {
  return digitsOf(at, 'yyyy-mm-ddThh'.length);
}

/** Parses `2026-11-20 11:00:00`, a Beijing time without zone; `undefined` for anything else. */
export function parseBeijingTime(written: unknown): Date | undefined {
  if (typeof written !== 'string') return undefined;
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(written) ?? [];
  const at = new Date(`${day}T${time}+08:00`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

function digitsOf(at: Date, length: number): string {
  return new Date(at.getTime() + OFFSET_MS).toISOString().slice(0, length).replace(/\D/g, '');
}

/** Whether the number is in mainland China. No other calling code begins with 86: https://www.itu.int/pub/T-SP-E.164D */
export function isMainland(to: E164): boolean {
  return to.startsWith('+86');
}

/**
 * Carriers in mainland China count 70 characters per segment, whatever they are:
 * https://help.aliyun.com/document_detail/414224.html
 */
export function mainlandSegmentRule(to: E164): SegmentRule {
  return isMainland(to) ? 'ucs2' : 'gsm7';
}

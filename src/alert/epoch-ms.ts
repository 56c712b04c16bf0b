import { z } from 'zod';

/** The last millisecond of the year 9999. */
const LATEST = Date.UTC(10_000, 0) - 1;

/** A time as our jobs hold it, ms since the epoch; further ones make an invalid date, with which nothing can be done. */
export const epochMs = z.number().min(0).max(LATEST);

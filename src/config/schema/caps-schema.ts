import { z } from 'zod';
import { CAP_WEIGHTS } from '../../limit/caps/rate-cap.ts';
import { durationBetween } from '../../setting/duration.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_RESERVE = 20;

/** YAML 1.2 reads `off` as text; users of older YAML may write `false`. */
const off = z.literal(['off', false]);

const cap = (hint: string) =>
  z.int().refine((max) => max > 0, { error: 'a cap must be at least 1: 0 allows no message', params: { hint } });

const window = z.strictObject({
  max: cap('to disable it, set perRecipient: []'),
  per: durationBetween('0', '31d').refine((ms) => ms > 0, {
    error: 'a window of 0 has no effect',
    params: { hint: 'such as per: 1h' },
  }),
});

const perHour = z
  .strictObject({ max: cap('to disable it, set perHour: off'), criticalReserve: z.int().min(0).optional() })
  .superRefine(({ max, criticalReserve = 0 }, ctx) => {
    if (criticalReserve < max || max <= 0) return;
    ctx.addIssue({ code: 'custom', path: ['criticalReserve'], message: `must be less than max (${max}): otherwise only criticals pass` });
  })
  // At most a fifth of a small cap, so that a cap without an explicit reserve still passes other messages.
  .transform(({ max, criticalReserve }) => ({ max, criticalReserve: criticalReserve ?? Math.min(DEFAULT_RESERVE, Math.floor(max / 5)) }));

const windows = z.union([z.array(window), off.transform(() => [])], { error: 'must be a list such as [{ max: 5, per: 1h }], or off' });

/** Caps of one route, in addition to the global caps. */
export const routeCapsSchema = z.strictObject({ perRecipient: windows.default([]), perRoute: windows.default([]) });

/** Default caps. */
export const capsSchema = z
  .strictObject({
    weight: z.enum(CAP_WEIGHTS).default('messages'),
    perRecipient: windows.default([{ max: 5, per: HOUR_MS }]),
    perSource: windows.default([]),
    perCountry: z.record(z.string(), windows).default({}),
    perHour: z
      .union([perHour, off.transform(() => 'off' as const)], { error: 'must be such as { max: 100, criticalReserve: 20 }, or off' })
      .default({ max: 100, criticalReserve: DEFAULT_RESERVE }),
  })
  .prefault({});

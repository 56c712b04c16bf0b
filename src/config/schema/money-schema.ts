import { z } from 'zod';
import { BUDGET_PERIODS, MICRO } from '../../limit/budget/money.ts';

/** A sum as people write it, 0.0079. Output in micro-units. */
const amount = z
  .number({ error: 'must be a number such as 0.05' })
  .min(0, 'must be 0 or more')
  .max(1_000_000_000)
  .transform((sum) => Math.round(sum * MICRO));

/** Of one segment, by calling code. */
const prices = z.record(z.string(), amount).superRefine((byCode, ctx) => {
  for (const code of Object.keys(byCode)) {
    if (code === 'other' || /^[1-9]\d{0,2}$/.test(code)) continue;
    ctx.addIssue({
      code: 'custom',
      path: [code],
      message: 'not a calling code: one to three digits, such as 86, or other',
      params: { hideValue: true },
    });
  }
});

const budget = z
  .strictObject({ soft: amount.exactOptional(), hard: amount })
  .refine(({ soft, hard }) => soft === undefined || soft <= hard, {
    path: ['soft'],
    error: 'must not be above hard',
    params: { hint: 'between soft and hard only criticals are sent' },
  })
  .transform(({ soft, hard }) => ({ soft: soft ?? hard, hard }));

export const moneySchema = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters (ISO 4217), such as USD'),
  prices: z.record(z.string(), prices).default({}),
  budgets: z.partialRecord(z.enum(BUDGET_PERIODS), budget).default({}),
});

import { z } from 'zod';
import { durationBetween } from '../../setting/duration.ts';

const step = z
  .strictObject({
    after: durationBetween('0', '1d').default(0),
    /** Which there are is checked with the whole file at hand. */
    channels: z.array(z.string().min(1)).default([]),
    sms: z.boolean().default(false),
  })
  .refine(({ channels, sms }) => sms || channels.length > 0, {
    error: 'tells nobody',
    params: { hint: 'name channels: [ … ], or write sms: true' },
  });

/** Steps by elapsed time. */
export const ladderSchema = z
  .array(step)
  .min(1, 'must hold at least one step')
  .superRefine((steps, ctx) => {
    for (const [index, { after }] of steps.entries()) {
      const before = steps[index - 1];
      if (before === undefined || before.after <= after) continue;
      ctx.addIssue({
        code: 'custom',
        path: [index, 'after'],
        message: 'is earlier than the step before it',
        params: { hint: 'put the steps in order' },
      });
    }
    const texts = steps.flatMap(({ sms }, index) => (sms ? [index] : []));
    if (texts.length < 2) return;
    ctx.addIssue({
      code: 'custom',
      path: [texts[1] as number, 'sms'],
      message: 'the same people would be texted twice',
      params: { hint: 'keep sms: true on one step' },
    });
  });

import { z } from 'zod';
import { durationBetween } from '../../setting/duration.ts';
import { commonKeys, withTimeoutMs } from '../contract/common-config.ts';

export const simulatedConfig = z
  .strictObject({
    type: z.literal('simulated'),
    ...commonKeys,
    receipts: z.boolean().default(true).describe('Send a receipt, delivered or undelivered, afterwards'),
    latency: durationBetween('0', '5m').default(0).describe('Response time'),
  })
  .transform(({ latency, ...rest }) => withTimeoutMs({ ...rest, latencyMs: latency }));

export type SimulatedConfig = z.output<typeof simulatedConfig>;

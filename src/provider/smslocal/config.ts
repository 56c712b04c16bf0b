import { z } from 'zod';
import { secretSchema } from '../../config/secret.ts';
import { commonKeys, withTimeoutMs } from '../common-config.ts';

/** https://www.smslocal.com/developer */
export const smslocalConfig = z
  .strictObject({
    type: z.literal('smslocal'),
    ...commonKeys,
    apiKey: secretSchema,
    from: z.string().min(1).max(16).optional().describe('A number, or up to 11 letters and digits'),
  })
  .transform(withTimeoutMs);

export type SmslocalConfig = z.output<typeof smslocalConfig>;

import { z } from 'zod';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, senderSchema, withTimeoutMs } from '../contract/common-config.ts';

/** Config of SMSLocal: https://www.smslocal.com/developer */
export const smslocalConfig = z
  .strictObject({
    type: z.literal('smslocal'),
    ...commonKeys,
    apiKey: secretSchema,
    from: senderSchema({ mostLetters: 11, plus: false }).optional().describe('A number, or up to 11 letters and digits'),
  })
  .transform(withTimeoutMs);

export type SmslocalConfig = z.output<typeof smslocalConfig>;

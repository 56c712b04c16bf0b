import { z } from 'zod';
import { secretSchema } from '../../config/secret.ts';
import { commonKeys, httpUrl, pollKeys, withTimeoutMs } from '../common-config.ts';

export const twilioConfig = z
  .strictObject({
    type: z.literal('twilio'),
    ...commonKeys,
    ...pollKeys,
    accountSid: z.string().regex(/^AC\w+$/, 'must be an Account SID, which begins with AC (API keys, which begin with SK, do not go here)'),
    authToken: secretSchema,
    from: z.string().min(1).optional().describe('A number of yours in E.164, a short code, or an alphanumeric sender'),
    messagingServiceSid: z
      .string()
      .regex(/^MG\w+$/, 'must be a Messaging Service SID, which begins with MG')
      .optional(),
    statusCallback: httpUrl.optional().describe('Where Twilio reports delivery: <http.publicUrl>/v1/receipts/<provider name>'),
  })
  .refine(({ from, messagingServiceSid }) => (from === undefined) !== (messagingServiceSid === undefined), {
    path: ['from'],
    message: 'exactly one of from and messagingServiceSid must be given',
    // Told beside whatever else is wrong.
    when: () => true,
  })
  .transform(withTimeoutMs);

export type TwilioConfig = z.output<typeof twilioConfig>;

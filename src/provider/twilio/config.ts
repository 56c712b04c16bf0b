import { z } from 'zod';
import { secretSchema } from '../../config/secret.ts';
import { commonKeys, httpUrl, pollKeys, withTimeoutMs } from '../common-config.ts';
import { refuseForms, senderSchema } from '../credential-form.ts';

export const twilioConfig = z
  .strictObject({
    type: z.literal('twilio'),
    ...commonKeys,
    ...pollKeys,
    accountSid: z.string().regex(/^AC\w+$/, 'must be an Account SID, AC and 32 hex digits (API keys, which begin with SK, do not go here)'),
    authToken: secretSchema.superRefine(
      refuseForms([
        /^SK[0-9a-f]{32}$/i,
        'is the SID of an API key, which begins with SK: give the Auth Token of the account, 32 hex digits',
      ]),
    ),
    // https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
    from: senderSchema({ mostLetters: 11, plus: true })
      .optional()
      .describe('A number of yours in E.164, a short code, or an alphanumeric sender'),
    messagingServiceSid: z
      .string()
      .regex(/^MG\w+$/, 'must be a Messaging Service SID, which begins with MG (a number or a name goes into from)')
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

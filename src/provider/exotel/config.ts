import { z } from 'zod';
import type { HttpRequest } from '../../http-client/transport.ts';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, httpUrl, pollKeys, senderSchema, withTimeoutMs } from '../contract/common-config.ts';

/** Config of Exotel: https://developer.exotel.com/api/sms */
export const exotelConfig = z
  .strictObject({
    type: z.literal('exotel'),
    ...commonKeys,
    ...pollKeys,
    sid: z.string().regex(/^[\w-]+$/, "must be the account's SID, as the API settings of the dashboard show it"),
    token: secretSchema,
    key: secretSchema.optional().describe('API key; default: the sid'),
    domain: z
      .string()
      .regex(/^[a-z0-9.-]+$/, 'must be a host name, such as api.exotel.com or api.in.exotel.com')
      .default('api.exotel.com'),
    from: senderSchema({ plus: false }).optional().describe('An ExoPhone or a sender ID; default: the sid'),
    priority: z.enum(['normal', 'high']).default('high'),
    smsType: z
      .enum(['transactional', 'transactional_opt_in', 'promotional'])
      .optional()
      .describe(
        "Kind of text by the DLT template; promotional ones do not reach numbers on India's Do Not Disturb register; left out: Exotel decides",
      ),
    dltEntityId: z.string().min(1).optional(),
    dltTemplateId: z.string().min(1).optional(),
    statusCallback: httpUrl
      .optional()
      .describe('URL for delivery receipts: <http.publicUrl>/v1/receipts/<provider name>; the receiptToken is appended'),
  })
  .superRefine(({ statusCallback, receiptToken }, ctx) => {
    if (statusCallback !== undefined && receiptToken === undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['receiptToken'],
        message: 'is required with statusCallback: receipts without it are rejected',
      });
    }
  })
  .transform(withTimeoutMs);

export type ExotelConfig = z.output<typeof exotelConfig>;

/** Builds requests of one account, with its credentials in a header: https://developer.exotel.com/api/sms */
export interface Account {
  get(path: string): HttpRequest;
  post(path: string, form: Readonly<Record<string, string>>): HttpRequest;
}

export function createAccount({ domain, sid, key, token }: ExotelConfig): Account {
  const url = `https://${domain}/v1/Accounts/${sid}`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${key?.reveal() ?? sid}:${token.reveal()}`).toString('base64')}`,
    accept: 'application/json',
  };
  return {
    get: (path) => ({ method: 'GET', url: url + path, headers }),
    post: (path, form) => ({
      method: 'POST',
      url: url + path,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    }),
  };
}

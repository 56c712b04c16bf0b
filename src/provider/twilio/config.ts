import { z } from 'zod';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, httpUrl, pollKeys, refuseForms, senderSchema, withTimeoutMs } from '../contract/common-config.ts';

const API = 'https://api.twilio.com/2010-04-01';

/** Base URL of the account's resources: https://www.twilio.com/docs/usage/api#base-url */
export function accountUrl({ accountSid }: Pick<TwilioConfig, 'accountSid'>): string {
  return `${API}/Accounts/${accountSid}`;
}

export const MESSAGING_URL = 'https://messaging.twilio.com/v1';

/**
 * Returns the base URL of Messaging Services, which have a host of their own. When `baseUrl` is a region or edge of
 * Twilio (`api.sydney.au1.twilio.com`), the host is derived from it; a proxy or test server is used unchanged.
 * https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region
 */
export function messagingBaseUrl(baseUrl: string | undefined): string | undefined {
  return baseUrl?.replace(/^(https?:\/\/)api\.((?:[\w-]+\.){0,2}twilio\.com)(?=[:/]|$)/i, '$1messaging.$2');
}

export function credentialsOf({ accountSid, authToken }: Pick<TwilioConfig, 'accountSid' | 'authToken'>): Record<string, string> {
  return {
    Accept: 'application/json',
    Authorization: `Basic ${Buffer.from(`${accountSid}:${authToken.reveal()}`).toString('base64')}`,
  };
}

const ACCOUNT_FORM = 'must be an Account SID: AC and 32 hex digits (not an API key, which begins with SK)';
const SERVICE_FORM = 'must be a Messaging Service SID: MG and 32 hex digits (a number or a name is set as from)';

export const twilioConfig = z
  .strictObject({
    type: z.literal('twilio'),
    ...commonKeys,
    ...pollKeys,
    accountSid: z.string().regex(/^AC\w+$/, ACCOUNT_FORM),
    authToken: secretSchema.superRefine(
      refuseForms([/^SK[0-9a-f]{32}$/i, 'is the SID of an API key (prefix SK): set the Auth Token of the account, 32 hex digits']),
    ),
    // https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
    from: senderSchema({ mostLetters: 11, plus: true }).optional().describe('Phone number in E.164, short code, or alphanumeric sender'),
    messagingServiceSid: z
      .string()
      .regex(/^MG\w+$/, SERVICE_FORM)
      .optional(),
    statusCallback: httpUrl.optional().describe('URL for delivery receipts: <http.publicUrl>/v1/receipts/<provider name>'),
  })
  .refine(({ from, messagingServiceSid }) => (from === undefined) !== (messagingServiceSid === undefined), {
    path: ['from'],
    message: 'exactly one of from and messagingServiceSid must be set',
    // Reported together with other faults.
    when: () => true,
  })
  .superRefine(({ baseUrl, accountSid, messagingServiceSid }, ctx) => {
    // A compatible server may have other account names.
    // A base URL with a fault of its own may be no URL.
    if (baseUrl !== undefined && !(URL.canParse(baseUrl) && /(?:^|\.)twilio\.com$/i.test(new URL(baseUrl).hostname))) return;
    const refuse = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    if (!isSid('AC', accountSid)) refuse('accountSid', ACCOUNT_FORM);
    if (messagingServiceSid !== undefined && !isSid('MG', messagingServiceSid)) {
      refuse('messagingServiceSid', SERVICE_FORM);
    }
  })
  .transform(withTimeoutMs);

/** Whether the text is a SID: https://www.twilio.com/docs/glossary/what-is-a-sid */
function isSid(prefix: 'AC' | 'MG', text: string): boolean {
  return text.startsWith(prefix) && /^[0-9a-fA-F]{32}$/.test(text.slice(2));
}

export type TwilioConfig = z.output<typeof twilioConfig>;

import type { TwilioConfig } from './config.ts';

const API = 'https://api.twilio.com/2010-04-01';

/** What belongs to the account lies below this: https://www.twilio.com/docs/usage/api#base-url */
export function accountUrl({ accountSid }: Pick<TwilioConfig, 'accountSid'>): string {
  return `${API}/Accounts/${accountSid}`;
}

export const MESSAGING_URL = 'https://messaging.twilio.com/v1';

/**
 * Messaging Services live on a host of their own. Where `baseUrl` names a region or an edge of Twilio's
 * (`api.sydney.au1.twilio.com`), theirs is its neighbour; a proxy or a test server takes both.
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

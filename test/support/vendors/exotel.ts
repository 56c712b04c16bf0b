import { randomBytes } from 'node:crypto';
import type { Hit, Reply } from './http-vendor.ts';
import { type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';

/** One call of the API, or what was meant to be one. */
export interface ExotelHit extends VendorCall {
  /** The form fields of a send: `From`, `To`, `Body`, `CustomField` and so on. */
  readonly form: Readonly<Record<string, string>>;
}

export type FakeExotel = ScriptedVendor<ExotelHit>;

/**
 * A server that speaks Exotel's wire format: Basic auth, form in, JSON out, `RestException` for a no. It remembers the
 * texts it took, and tells of them when asked by Sid; it has 1543.75 rupees.
 * https://developer.exotel.com/api/sms and https://developer.exotel.com/docs/sms-api/api-reference/status-codes
 */
export async function startFakeExotel(account: {
  readonly sid: string;
  readonly key: string;
  readonly token: string;
}): Promise<FakeExotel> {
  const base = `/v1/Accounts/${account.sid}`;
  const texts = new Map<string, Reply>();

  const answer = (hit: Hit, form: ExotelHit['form']): Reply => {
    if (hit.method === 'POST') {
      const sid = randomBytes(16).toString('hex');
      const reply = exotelText({ Sid: sid, AccountSid: account.sid, To: form.To, Body: form.Body });
      texts.set(`${base}/SMS/Messages/${sid}.json`, reply);
      return reply;
    }
    if (hit.path === `${base}/Balance.json`) return exotelBalance({});
    // Not a 404: "No matching results".
    return texts.get(hit.path) ?? json(200, { SMSMessage: 'No matching results' });
  };

  return startScriptedVendor<ExotelHit>((hit) => {
    const form = Object.fromEntries(new URLSearchParams(hit.body));
    return { call: { form }, refusal: refusalFor(hit, form, account, base), usual: () => answer(hit, form) };
  });
}

function refusalFor(
  hit: Hit,
  form: Readonly<Record<string, string>>,
  account: { readonly key: string; readonly token: string },
  base: string,
): Reply | undefined {
  const [scheme, credentials = ''] = (hit.headers.authorization ?? '').split(' ');
  if (scheme !== 'Basic') return exotelError(401, undefined, 'Authentication is required to view this page');
  const [key, ...token] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  if (key !== account.key || token.join(':') !== account.token) return exotelError(401, 34010, 'Authentication failed');
  if (!hit.path.startsWith(`${base}/`)) return exotelError(403, 34009, 'Action forbidden');
  if (hit.method !== 'POST') return undefined;
  if (hit.path !== `${base}/Sms/send.json`) return exotelError(405, 40502, 'Method not allowed');
  if (hit.headers['content-type'] !== 'application/x-www-form-urlencoded') return exotelError(400, 40500, 'Invalid parameters');
  if (!form.From) return exotelError(400, 40210, 'From is a mandatory field');
  if (!/^\+\d{7,15}$/.test(form.To ?? '')) return exotelError(400, 40203, 'All destination numbers are invalid');
  if (!form.Body) return exotelError(400, 40200, 'Body is empty');
  if ([...form.Body].length > 2000) return exotelError(400, 40202, 'Body is invalid');
  if (!['plain', 'unicode'].includes(form.EncodingType ?? 'plain')) return exotelError(400, 40209, 'EncodingType is not set correctly');
  return undefined;
}

/** A 200 about a text, queued unless told. */
export function exotelText(fields: Readonly<Record<string, unknown>>): Reply & object {
  return json(200, {
    SMSMessage: {
      From: 'EXOTEL',
      DateCreated: '2026-11-20 08:30:00',
      DateUpdated: '2026-11-20 08:30:00',
      DateSent: null,
      Direction: 'outbound-api',
      ApiVersion: null,
      Price: null,
      Status: 'queued',
      SmsUnits: '1',
      DetailedStatusCode: 21010,
      DetailedStatus: 'PENDING_TO_OPERATOR',
      ...fields,
    },
  });
}

export function exotelBalance(fields: Readonly<Record<string, unknown>>): Reply & object {
  const data = { Balance: '1543.75', Currency: 'INR', PricingPlan: 'Pay As You Go', DateUpdated: '2026-11-20 08:30:00', ...fields };
  return json(200, { Account: { AccountSid: 'acme1', BalanceData: data } });
}

/** A refusal as Exotel words it; some carry no code. */
export function exotelError(status: number, code: number | string | undefined, message = 'said by Exotel'): Reply & object {
  return json(status, { RestException: { Status: status, Message: message, Code: code } });
}

function json(status: number, body: unknown): Reply & object {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

import { randomBytes } from 'node:crypto';
import { type Hit, type Reply, startHttpVendor } from './http-vendor.ts';

/** One call of the Messages resource, or what was meant to be one. */
export interface TwilioHit extends Hit {
  /** The form fields: `To`, `From`, `Body`, `ValidityPeriod` and so on. */
  readonly form: Readonly<Record<string, string>>;
  /** Right path, right credentials, right encoding, the required fields: the real one would have taken it. */
  readonly valid: boolean;
}

/** What to say to a valid call; `undefined` = accept it. `index` counts the valid calls from 0. */
export type TwilioResponder = (hit: TwilioHit, index: number) => Reply | undefined | Promise<Reply | undefined>;

export interface FakeTwilio {
  /** Goes into the provider's `baseUrl`. */
  readonly url: string;
  /** Every call in the order it arrived, also those that were turned away. */
  readonly requests: TwilioHit[];
  /** From now on; a promise makes a slow vendor. */
  respondWith(responder: TwilioResponder): void;
  close(): Promise<void>;
}

/**
 * A server that speaks Twilio's wire format: Basic auth, form in, JSON out, errors as Twilio words them. Without
 * {@link FakeTwilio.respondWith} it accepts every valid call. Several thousand calls a second on one core.
 * https://www.twilio.com/docs/messaging/api/message-resource
 */
export async function startFakeTwilio(account: { readonly accountSid: string; readonly authToken: string }): Promise<FakeTwilio> {
  const { accountSid, authToken } = account;
  const path = `/2010-04-01/Accounts/${accountSid}/Messages.json`;
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const requests: TwilioHit[] = [];
  let responder: TwilioResponder = () => undefined;
  let valid = 0;

  const refusalFor = (hit: Hit, form: Readonly<Record<string, string>>): Reply | undefined => {
    if (hit.headers.authorization !== authorization) return twilioError(401, 20003, 'Authenticate');
    if (hit.path !== path) return twilioError(404, 20404, `The requested resource ${hit.path} was not found`);
    if (hit.method !== 'POST') return twilioError(405, 20004, 'Method not allowed');
    if (!hit.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      return twilioError(415, 20415, 'Unsupported Media Type');
    }
    if (!form.To) return twilioError(400, 21604, "A 'To' phone number is required.");
    if (!form.From && !form.MessagingServiceSid) return twilioError(400, 21603, "A 'From' phone number is required.");
    if (!form.Body) return twilioError(400, 21602, 'Message body is required.');
    return undefined;
  };

  const vendor = await startHttpVendor((hit) => {
    const form = Object.fromEntries(new URLSearchParams(hit.body));
    const refusal = refusalFor(hit, form);
    const twilioHit: TwilioHit = { ...hit, form, valid: refusal === undefined };
    requests.push(twilioHit);
    if (refusal !== undefined) return refusal;
    const said = responder(twilioHit, valid++);
    const orAccepted = (reply: Reply | undefined) => reply ?? twilioAccepted(accountSid, form);
    return said instanceof Promise ? said.then(orAccepted) : orAccepted(said);
  });

  return {
    url: vendor.url,
    requests,
    respondWith: (next) => {
      responder = next;
    },
    close: vendor.close,
  };
}

/** A 201 as the Messages resource gives it. */
export function twilioAccepted(accountSid: string, form: Readonly<Record<string, string>>): Reply {
  const sid = `SM${randomBytes(16).toString('hex')}`;
  const byService = form.MessagingServiceSid !== undefined;
  return json(201, {
    account_sid: accountSid,
    api_version: '2010-04-01',
    body: form.Body,
    date_created: new Date().toUTCString().replace('GMT', '+0000'),
    date_sent: null,
    date_updated: new Date().toUTCString().replace('GMT', '+0000'),
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: form.From ?? null,
    messaging_service_sid: form.MessagingServiceSid ?? null,
    num_media: '0',
    num_segments: byService ? '0' : '1',
    price: null,
    price_unit: null,
    sid,
    status: byService ? 'accepted' : 'queued',
    subresource_uris: { media: `/2010-04-01/Accounts/${accountSid}/Messages/${sid}/Media.json` },
    to: form.To,
    uri: `/2010-04-01/Accounts/${accountSid}/Messages/${sid}.json`,
  });
}

/** A refusal as Twilio words it, such as `twilioError(400, 21211, "The 'To' number … is not a valid phone number.")`. */
export function twilioError(status: number, code: number, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return json(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }, headers);
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

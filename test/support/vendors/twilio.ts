import { createHmac, randomBytes } from 'node:crypto';
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
  /** The account, and what else it knows besides the texts that it took: GET answers. */
  readonly account: TwilioAccount;
  /** Takes a text and lists it, whatever the caller is told. */
  take(form: Readonly<Record<string, string>>): void;
  /** What became of a text that it took: the resource says so from now on. */
  report(sid: string, status: string, errorCode?: number): void;
  /** The status callback of that text, as it would be posted to its `StatusCallback`. */
  callback(sid: string): TwilioCallback;
  close(): Promise<void>;
}

/** Change it at will. */
export interface TwilioAccount {
  status: string;
  type: string;
  balance: string;
  /** Number → whether it can send texts. */
  readonly numbers: Map<string, boolean>;
  readonly shortCodes: string[];
  readonly services: string[];
}

export interface TwilioCallback {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Resource = Record<string, unknown>;

/**
 * A server that speaks Twilio's wire format: Basic auth, form in, JSON out, errors as Twilio words them. Without
 * {@link FakeTwilio.respondWith} it accepts every valid call. Several thousand calls a second on one core.
 * https://www.twilio.com/docs/messaging/api/message-resource
 */
export async function startFakeTwilio(credentials: { readonly accountSid: string; readonly authToken: string }): Promise<FakeTwilio> {
  const { accountSid, authToken } = credentials;
  const base = `/2010-04-01/Accounts/${accountSid}`;
  const path = `${base}/Messages.json`;
  const account: TwilioAccount = { status: 'active', type: 'Full', balance: '12.5', numbers: new Map(), shortCodes: [], services: [] };
  /** By SID, oldest first; of the last ten thousand. */
  const messages = new Map<string, { readonly resource: Resource; readonly form: Readonly<Record<string, string>> }>();
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

  const keep = (reply: Reply, form: Readonly<Record<string, string>>): Reply => {
    if (typeof reply === 'string' || reply.status !== 201) return reply;
    const resource = parse(reply.body);
    if (typeof resource.sid === 'string') messages.set(resource.sid, { resource, form });
    const [oldest] = messages.keys();
    if (messages.size > 10_000 && oldest !== undefined) messages.delete(oldest);
    return reply;
  };

  /** https://www.twilio.com/docs/messaging/api/message-resource , https://www.twilio.com/docs/iam/api/account and others */
  const lookUp = (hit: Hit): Reply => {
    if (hit.headers.authorization !== authorization) return twilioError(401, 20003, 'Authenticate');
    const { pathname, searchParams } = new URL(hit.path, 'http://twilio');
    const notFound = twilioError(404, 20404, `The requested resource ${pathname} was not found`);
    const sid = new RegExp(`^${base}/Messages/(\\w+)\\.json$`).exec(pathname)?.[1];
    if (sid !== undefined) {
      const message = messages.get(sid);
      return message === undefined ? notFound : json(200, message.resource);
    }
    const service = /^\/v1\/Services\/(\w+)$/.exec(pathname)?.[1];
    if (service !== undefined) return account.services.includes(service) ? json(200, { sid: service }) : notFound;
    switch (pathname) {
      case path: {
        const to = searchParams.get('To');
        const found = [...messages.values()].map(({ resource }) => resource).filter((resource) => to === null || resource.to === to);
        return json(200, { messages: found.reverse().slice(0, Number(searchParams.get('PageSize') ?? 50)), next_page_uri: null });
      }
      case `${base}.json`:
        return json(200, { sid: accountSid, status: account.status, type: account.type, friendly_name: 'test' });
      case `${base}/Balance.json`:
        return json(200, { account_sid: accountSid, balance: account.balance, currency: 'USD' });
      case `${base}/IncomingPhoneNumbers.json`: {
        const asked = searchParams.get('PhoneNumber') ?? '';
        const found = [...account.numbers].filter(([number]) => number.includes(asked));
        return json(200, {
          incoming_phone_numbers: found.map(([phone_number, sms]) => ({ phone_number, capabilities: { sms, voice: true } })),
        });
      }
      case `${base}/SMS/ShortCodes.json`: {
        const asked = searchParams.get('ShortCode') ?? '';
        return json(200, { short_codes: account.shortCodes.filter((code) => code.includes(asked)).map((short_code) => ({ short_code })) });
      }
      default:
        return notFound;
    }
  };

  const vendor = await startHttpVendor((hit) => {
    if (hit.method === 'GET') {
      const answer = lookUp(hit);
      requests.push({ ...hit, form: {}, valid: typeof answer === 'object' && answer.status === 200 });
      return answer;
    }
    const form = Object.fromEntries(new URLSearchParams(hit.body));
    const refusal = refusalFor(hit, form);
    const twilioHit: TwilioHit = { ...hit, form, valid: refusal === undefined };
    requests.push(twilioHit);
    if (refusal !== undefined) return refusal;
    const said = responder(twilioHit, valid++);
    const orAccepted = (reply: Reply | undefined) => keep(reply ?? twilioAccepted(accountSid, form), form);
    return said instanceof Promise ? said.then(orAccepted) : orAccepted(said);
  });

  return {
    url: vendor.url,
    requests,
    account,
    respondWith: (next) => {
      responder = next;
    },
    take: (form) => void keep(twilioAccepted(accountSid, form), form),
    report: (sid, status, errorCode) => {
      Object.assign(messages.get(sid)?.resource ?? {}, { status, error_code: errorCode ?? null });
    },
    callback: (sid) => {
      const { resource, form } = messages.get(sid) ?? { resource: {}, form: {} as Readonly<Record<string, string>> };
      const status = String(resource.status);
      return signedCallback(form.StatusCallback ?? '', authToken, {
        AccountSid: accountSid,
        ApiVersion: '2010-04-01',
        From: form.From ?? '',
        To: form.To ?? '',
        MessageSid: sid,
        SmsSid: sid,
        MessageStatus: status,
        SmsStatus: status,
        ...(resource.error_code === null ? {} : { ErrorCode: String(resource.error_code) }),
        ...(status === 'delivered' ? { RawDlrDoneDate: '2611200300' } : {}),
      });
    },
    close: vendor.close,
  };
}

/**
 * A callback as Twilio signs it: the URL, then each field's name and value in the order of the names, HMAC-SHA1 by the
 * auth token. https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function signedCallback(url: string, authToken: string, fields: Readonly<Record<string, string>>): TwilioCallback {
  const signed = Object.keys(fields)
    .sort()
    .reduce((text, name) => `${text}${name}${fields[name]}`, url);
  return {
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent': 'TwilioProxy/1.1',
      'x-twilio-signature': createHmac('sha1', authToken).update(signed).digest('base64'),
    },
    body: new URLSearchParams(fields).toString(),
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

function parse(body: string): Resource {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Resource) : {};
  } catch {
    return {};
  }
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

import { createHmac, randomBytes } from 'node:crypto';
import { readJson } from '../../http-client/read-answer.ts';
import { createTransport, type Exchange, type HttpRequest } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type Check, checkClock, type Provider, type ProviderDeps, ProviderError, type SmsMessage } from '../contract/provider.ts';
import { mainlandSegmentRule } from '../mainland/mainland.ts';
import { fillVendorTemplate } from '../template/fill-template.ts';
import { findUnismsCode, readUnismsAnswer } from './codes.ts';
import { type UnismsConfig, unismsTemplates } from './config.ts';

const MISSING_SIGNATURE = '104200';
const WRONG_TIMESTAMP = '104202';
/** Codes about keys, signatures and the account. */
const ABOUT_US = /^10(4[1-9]|5\d)\d{2}$/;
/** Codes about parameters, number, sender, template. */
const ABOUT_THE_MESSAGE = /^(1040|1071)\d{2}$/;

/**
 * Judges the response to a message without recipient and text. The vendor documents no read-only call, and not whether
 * it verifies the key or the message first.
 */
export function checkUnisms(exchange: Exchange, authMode: UnismsConfig['authMode'], now: Date): readonly Check[] {
  const unseen: readonly Check[] = [
    { subject: 'balance', verdict: 'unchecked', detail: 'not available from the API; see the console' },
    { subject: 'sender', verdict: 'unchecked', detail: 'approval of the signature can only be verified by sending a message' },
    { subject: 'template', verdict: 'unchecked', detail: 'approval of templates can only be verified by sending a message' },
  ];
  if (exchange.kind === 'fault') {
    return [{ subject: 'connection', verdict: 'failed', detail: `no response (${exchange.code})` }, ...unseen];
  }
  const code = findUnismsCode((readJson(exchange.body) as { code?: unknown } | null | undefined)?.code, exchange.status);
  if (code.code === undefined) {
    return [
      { subject: 'connection', verdict: 'failed', detail: `the response (HTTP ${exchange.status}) is not from the vendor` },
      ...unseen,
    ];
  }
  return [
    { subject: 'connection', verdict: 'ok', detail: 'the vendor responds' },
    checkCredentials(code.code, code.reason === 'auth' && ABOUT_US.test(code.code), authMode),
    code.code === WRONG_TIMESTAMP
      ? {
          subject: 'clock',
          verdict: 'failed',
          detail: 'the vendor rejects our timestamp (104202): synchronise the clock of this machine, preferably by NTP',
        }
      : checkClock(exchange.headers.date, now),
    ...(code.reason === 'balance'
      ? [{ subject: 'balance', verdict: 'failed', detail: 'insufficient funds (105400)' } as const, ...unseen.slice(1)]
      : unseen),
  ];
}

function checkCredentials(code: string, refused: boolean, authMode: UnismsConfig['authMode']): Check {
  const subject = 'credentials';
  if (code === MISSING_SIGNATURE && authMode === 'simple') {
    return { subject, verdict: 'failed', detail: 'the account requires signatures (104200): set authMode: hmac and accessKeySecret' };
  }
  if (code === WRONG_TIMESTAMP) return { subject, verdict: 'unchecked', detail: 'the vendor rejects our timestamp before any other check' };
  if (refused)
    return { subject, verdict: 'failed', detail: `rejected by the vendor (${code}): https://www.unimtx.com/docs/api/error-codes` };
  if (ABOUT_THE_MESSAGE.test(code)) {
    return {
      subject,
      verdict: 'ok',
      detail: `not rejected: the vendor reported the message as missing, which was omitted on purpose (${code})`,
    };
  }
  return { subject, verdict: 'unchecked', detail: `no conclusive response (${code})` };
}

/** Signature algorithm; HMAC-SHA256 is the only one available. */
const ALGORITHM = 'hmac-sha256';

export interface SigningFacts {
  readonly action: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Timestamp in ms; the vendor tolerates ten minutes. */
  readonly timestamp: number;
  /** Random string of 8 to 64 characters, new for every request. */
  readonly nonce: string;
}

/**
 * Returns the signed query of a request in HMAC mode, escaped: an unescaped `+`, which half of all base64 signatures
 * contain, would arrive as a space. The signature covers the unescaped pairs in the order of their names.
 * https://www.unimtx.com/docs/api/general
 */
export function signQuery({ action, accessKeyId, accessKeySecret, timestamp, nonce }: SigningFacts): string {
  const pairs = { action, accessKeyId, algorithm: ALGORITHM, timestamp: String(timestamp), nonce };
  const text = Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
  const signature = createHmac('sha256', accessKeySecret).update(text).digest('base64');
  return encodeQuery({ ...pairs, signature });
}

export function encodeQuery(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** API documentation: https://www.unimtx.com/docs/api/send */
const ACTION = 'sms.message.send';

/**
 * Sends through UniSMS without the vendor's SDK (uni-sdk 0.0.8), which has neither timeout nor abort, depends on an
 * axios of 2021, and reports every connection failure as code "-1". All that remains is one signed POST.
 *
 * The vendor documents no status query, so there is no `status`.
 */
export async function createUnismsProvider(name: string, config: UnismsConfig, { clock, templates }: ProviderDeps): Promise<Provider> {
  const transport = createTransport(config);
  const book = unismsTemplates(config);
  const fill = (message: SmsMessage) => fillVendorTemplate(message, templates, book);
  const post = (body: unknown, signal: AbortSignal) => transport.exchange(toRequest(config, body, clock.now()), signal);
  return {
    name,
    async send(message, signal) {
      const filled = fill(message);
      if (filled instanceof ProviderError) return { kind: 'refused', error: filled };
      const { id, values } = filled;
      const body = { to: message.to, signature: config.signature, templateId: id, templateData: Object.fromEntries(values) };
      const exchange = await post(body, signal);
      return exchange.kind === 'fault' ? refusalFromFault(exchange) : readUnismsAnswer(exchange, clock.now());
    },
    segmentRule: mainlandSegmentRule,
    preflight(message) {
      const filled = fill(message);
      return filled instanceof ProviderError ? filled : undefined;
    },
    // A message without recipient and content: the only possible response is an error.
    check: async (signal) => checkUnisms(await post({}, signal), config.authMode, clock.now()),
    close: () => transport.close(),
  };
}

/** The access key is in the URL and, in simple mode, is sufficient to send: never print the URL. */
function toRequest({ authMode, accessKeyId, accessKeySecret }: UnismsConfig, body: unknown, now: Date): HttpRequest {
  const who = { action: ACTION, accessKeyId: accessKeyId.reveal() };
  const query =
    authMode === 'hmac' && accessKeySecret !== undefined
      ? signQuery({
          ...who,
          accessKeySecret: accessKeySecret.reveal(),
          timestamp: now.getTime(),
          nonce: randomBytes(16).toString('hex'),
        })
      : encodeQuery(who);
  return {
    method: 'POST',
    url: `https://uni.apistd.com/?${query}`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  };
}

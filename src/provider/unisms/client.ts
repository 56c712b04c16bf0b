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
/** Keys, signatures and the account. */
const ABOUT_US = /^10(4[1-9]|5\d)\d{2}$/;
/** Parameters, number, sender, template. */
const ABOUT_THE_MESSAGE = /^(1040|1071)\d{2}$/;

/**
 * What the answer to a message without recipient and text tells. The vendor documents no call that only looks, and not
 * whether it looks at the key or at the message first.
 */
export function checkUnisms(exchange: Exchange, authMode: UnismsConfig['authMode'], now: Date): readonly Check[] {
  const unseen: readonly Check[] = [
    { subject: 'balance', verdict: 'unchecked', detail: 'no call of the vendor tells it; its console does' },
    { subject: 'sender', verdict: 'unchecked', detail: 'whether the signature is approved shows with the first text only' },
    { subject: 'template', verdict: 'unchecked', detail: 'whether templates are approved shows with the first text only' },
  ];
  if (exchange.kind === 'fault') {
    return [{ subject: 'connection', verdict: 'failed', detail: `no answer (${exchange.code})` }, ...unseen];
  }
  const code = findUnismsCode((readJson(exchange.body) as { code?: unknown } | null | undefined)?.code, exchange.status);
  if (code.code === undefined) {
    return [{ subject: 'connection', verdict: 'failed', detail: `the answer (HTTP ${exchange.status}) is not the vendor's` }, ...unseen];
  }
  return [
    { subject: 'connection', verdict: 'ok', detail: 'the vendor answers' },
    checkCredentials(code.code, code.reason === 'auth' && ABOUT_US.test(code.code), authMode),
    code.code === WRONG_TIMESTAMP
      ? { subject: 'clock', verdict: 'failed', detail: 'the vendor refuses our timestamp (104202): set this clock right, best by NTP' }
      : checkClock(exchange.headers.date, now),
    ...(code.reason === 'balance'
      ? [{ subject: 'balance', verdict: 'failed', detail: 'insufficient funds (105400)' } as const, ...unseen.slice(1)]
      : unseen),
  ];
}

function checkCredentials(code: string, refused: boolean, authMode: UnismsConfig['authMode']): Check {
  const subject = 'credentials';
  if (code === MISSING_SIGNATURE && authMode === 'simple') {
    return { subject, verdict: 'failed', detail: 'the account asks for signatures (104200): set authMode: hmac and accessKeySecret' };
  }
  if (code === WRONG_TIMESTAMP) return { subject, verdict: 'unchecked', detail: 'the vendor refuses our timestamp before anything else' };
  if (refused)
    return { subject, verdict: 'failed', detail: `the vendor refuses us (${code}): https://www.unimtx.com/docs/api/error-codes` };
  if (ABOUT_THE_MESSAGE.test(code)) {
    return { subject, verdict: 'ok', detail: `not refused: the vendor asked for the message, which was left out on purpose (${code})` };
  }
  return { subject, verdict: 'unchecked', detail: `the vendor answered ${code}, which says nothing of the key` };
}

/** Signs with HMAC-SHA256, the only algorithm that there is. */
const ALGORITHM = 'hmac-sha256';

export interface SigningFacts {
  readonly action: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** ms; the vendor allows ten minutes either way. */
  readonly timestamp: number;
  /** 8 to 64 characters, new with every request. */
  readonly nonce: string;
}

/**
 * The query of a request in HMAC mode, escaped: a `+` of the base64, which half of all signatures hold, would arrive as
 * a space. Signed are the pairs as they are before escaping, in the order of their names.
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

/** https://www.unimtx.com/docs/api/send */
const ACTION = 'sms.message.send';

/**
 * Not on the vendor's SDK (uni-sdk 0.0.8): it has neither time-out nor abort, brings an axios of 2021, and reports
 * whatever happens to a connection as code "-1". What remains of it is one signed POST.
 *
 * The vendor documents no way to ask what became of a text, so there is no `status`.
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
    // A message to nobody, of nothing: it can end in a complaint only.
    check: async (signal) => checkUnisms(await post({}, signal), config.authMode, clock.now()),
    close: () => transport.close(),
  };
}

/** The access key is in the URL, and in simple mode it is all that it takes to send: no URL may be printed. */
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

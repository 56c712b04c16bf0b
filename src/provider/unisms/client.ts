import { createHmac, randomBytes } from 'node:crypto';
import { createTransport, type HttpRequest } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type Provider, ProviderError, type SmsMessage } from '../contract/provider.ts';
import type { ProviderDeps } from '../contract/provider-deps.ts';
import { mainlandSegmentRule } from '../mainland/mainland.ts';
import { fillVendorTemplate } from '../template/fill-template.ts';
import { checkUnisms } from './check.ts';
import { readUnismsAnswer } from './codes.ts';
import { type UnismsConfig, unismsTemplates } from './config.ts';

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

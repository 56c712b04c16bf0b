import { createHash, createHmac } from 'node:crypto';

/** What a signature covers, but for the path: of APIs in this style it is always `/`. */
export interface Signable {
  readonly method: string;
  /** As they are before encoding; each name once. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. `host`, `content-type` and all `x-acs-*` are signed, the rest is not. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** SHA-256 of no body at all. */
export const EMPTY_BODY_HASH = sha256('');

/**
 * The `Authorization` header of ACS3-HMAC-SHA256, for a request whose `x-acs-content-sha256` says what its body is.
 * https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
 */
export function authorize({ method, query, headers }: Signable, { id, secret }: AccessKey): string {
  const signed = Object.keys(headers)
    .filter((name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'))
    .sort();
  const canonical = [
    method,
    '/',
    encodeQuery(query),
    ...signed.map((name) => `${name}:${(headers[name] as string).trim()}`),
    '',
    signed.join(';'),
    headers['x-acs-content-sha256'],
  ].join('\n');
  const signature = createHmac('sha256', secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
  return `ACS3-HMAC-SHA256 Credential=${id},SignedHeaders=${signed.join(';')},Signature=${signature}`;
}

/** In the order and the spelling that are signed, so that what is sent and what is signed are the same bytes. */
export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name] as string)}`)
    .join('&');
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

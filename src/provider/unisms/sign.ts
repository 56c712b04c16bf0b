import { createHmac } from 'node:crypto';

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

import { createHash, createHmac } from 'node:crypto';

export interface Tc3Request {
  /** The one that is sent: host, and port where it is not the scheme's own. */
  readonly host: string;
  /** Exactly as it is sent. */
  readonly contentType: string;
  readonly body: string;
  /** Seconds since the epoch; the same as in `X-TC-Timestamp`. */
  readonly timestamp: number;
  /** The product, such as `sms`. */
  readonly service: string;
}

export interface Tc3Key {
  readonly secretId: string;
  readonly secretKey: string;
}

const ALGORITHM = 'TC3-HMAC-SHA256';
const SIGNED_HEADERS = 'content-type;host';

/** The `Authorization` header of a POST: https://cloud.tencent.com/document/api/306/57449 */
export function signTc3({ host, contentType, body, timestamp, service }: Tc3Request, { secretId, secretKey }: Tc3Key): string {
  // The path is "/" by definition, whatever a base URL puts before it; a POST has no query.
  const canonical = ['POST', '/', '', `content-type:${contentType}`, `host:${host}`, '', SIGNED_HEADERS, sha256(body)].join('\n');
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${service}/tc3_request`;
  const toSign = [ALGORITHM, timestamp, scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
  const signature = hmac(key, toSign).toString('hex');
  return `${ALGORITHM} Credential=${secretId}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

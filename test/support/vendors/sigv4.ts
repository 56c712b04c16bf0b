import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature covers, as it arrived. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface SigningAccount {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For temporary credentials. */
  readonly sessionToken?: string;
  readonly region: string;
  readonly service: string;
}

export type SignatureFault = 'missing' | 'incomplete' | 'unknown_key' | 'expired' | 'mismatch';

/** How far the date of a request may lie from AWS's clock. */
const MAX_SKEW_MS = 5 * 60_000;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Verifies AWS Signature Version 4 as its documentation describes it, with nothing of the SDK; `undefined` = genuine.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySigV4(request: SignedRequest, account: SigningAccount, now: Date): SignatureFault | undefined {
  const header = (name: string) => [request.headers[name] ?? []].flat().join(',');
  const authorization = header('authorization');
  if (authorization === '') return 'missing';
  const parts = AUTHORIZATION.exec(authorization);
  if (parts === null) return 'incomplete';
  const [, keyId, day, region, service, signedList, signature] = parts as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const signed = signedList.split(';');
  if (signedList !== [...signed].sort().join(';') || mustBeSigned(request.headers).some((name) => !signed.includes(name)))
    return 'incomplete';

  const date = header('x-amz-date');
  const at = parseBasicDate(date);
  if (at === undefined || !date.startsWith(day)) return 'incomplete';
  if (keyId !== account.accessKeyId || header('x-amz-security-token') !== (account.sessionToken ?? '')) return 'unknown_key';
  if (Math.abs(at.getTime() - now.getTime()) > MAX_SKEW_MS) return 'expired';
  if (region !== account.region || service !== account.service) return 'mismatch';

  const payloadHash = sha256(request.body);
  const claimed = header('x-amz-content-sha256');
  if (claimed !== '' && claimed !== payloadHash) return 'mismatch';
  const canonical = [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.path),
    ...signed.map((name) => `${name}:${header(name).trim().replace(/\s+/g, ' ')}`),
    '',
    signedList,
    payloadHash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${account.secretAccessKey}`);
  return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex')) ? undefined : 'mismatch';
}

/** `host`, the content type and every `x-amz-*` header of the request. */
function mustBeSigned(headers: SignedRequest['headers']): string[] {
  return ['host', ...Object.keys(headers).filter((name) => name === 'content-type' || name.startsWith('x-amz-'))];
}

/** Every segment encoded once more than it was sent: all services but S3. */
function canonicalPath(path: string): string {
  return (path.split('?')[0] as string).split('/').map(uriEncode).join('/');
}

function canonicalQuery(path: string): string {
  const start = path.indexOf('?');
  if (start < 0) return '';
  return path
    .slice(start + 1)
    .split('&')
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [uriEncode(decodeURIComponent(name)), uriEncode(decodeURIComponent(value))] as const;
    })
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** RFC 3986: all but letters, digits, `-`, `.`, `_` and `~`. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `20150830T123600Z`. */
function parseBasicDate(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  return parts === null ? undefined : new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

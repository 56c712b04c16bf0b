import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { createTransport, type Exchange, rebase } from '../../http-client/transport.ts';
import type { AlibabaConfig } from './config.ts';

const DEFAULT_HOST = 'dysmsapi.aliyuncs.com';

/**
 * Regions with an endpoint of their own, from https://api.aliyun.com/product/Dysmsapi . All other regions in China
 * share the default one.
 */
const HOSTS: ReadonlyMap<string, string> = new Map([
  ['ap-southeast-1', 'dysmsapi.ap-southeast-1.aliyuncs.com'],
  ['ap-southeast-5', 'dysmsapi.ap-southeast-5.aliyuncs.com'],
  ['cn-beijing', 'dysmsapi-proxy.cn-beijing.aliyuncs.com'],
  ['cn-hongkong', 'dysmsapi-xman.cn-hongkong.aliyuncs.com'],
  ['eu-central-1', 'dysmsapi.eu-central-1.aliyuncs.com'],
  ['us-east-1', 'dysmsapi.us-east-1.aliyuncs.com'],
]);

export function hostOfRegion(region: string): string {
  return HOSTS.get(region) ?? DEFAULT_HOST;
}

/** The signed parts of a request, except the path: for APIs of this style it is always `/`. */
interface Signable {
  readonly method: string;
  /** Parameters before encoding; names are unique. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. Only `host`, `content-type` and `x-acs-*` headers are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** SHA-256 of an empty body. */
export const EMPTY_BODY_HASH = sha256('');

/**
 * Returns the `Authorization` header of ACS3-HMAC-SHA256 for a request whose `x-acs-content-sha256` is set.
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

/** Encodes the query in the order and spelling that is signed, so that the sent and the signed bytes are equal. */
export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name] as string)}`)
    .join('&');
}

/** Percent-encodes everything except the unreserved characters of RFC 3986: letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** https://api.aliyun.com/api/Dysmsapi/2017-05-25 */
const VERSION = '2017-05-25';

type Action = 'SendSms' | 'QuerySendDetails' | 'GetSmsTemplate' | 'GetSmsSign';

/** Client of Alibaba Cloud's API; each call is one signed request. */
export interface AlibabaApi {
  call(action: Action, params: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
}

/**
 * Replaces the vendor's SDK (@alicloud/dysmsapi20170525 4.6.0), which times out after 3 s and reports a sent request as
 * "connect failed", ignores its own proxy options, takes no AbortSignal, and quotes the URL, with phone number and
 * login code, in its errors. The tests use it as an independent signer.
 */
export function createAlibabaApi(config: AlibabaConfig, clock: Clock): AlibabaApi {
  const transport = createTransport(config);
  const endpoint = `https://${hostOfRegion(config.region)}/`;
  const { host } = rebase(endpoint, config.baseUrl);
  return {
    call(action, params, signal) {
      const headers = {
        host,
        accept: 'application/json',
        'x-acs-action': action,
        'x-acs-version': VERSION,
        'x-acs-date': clock
          .now()
          .toISOString()
          .replace(/\.\d+Z$/, 'Z'),
        'x-acs-signature-nonce': randomUUID(),
        'x-acs-content-sha256': EMPTY_BODY_HASH,
      };
      const key = { id: config.accessKeyId, secret: config.accessKeySecret.reveal() };
      const authorization = authorize({ method: 'POST', query: params, headers }, key);
      const url = `${endpoint}?${encodeQuery(params)}`;
      return transport.exchange({ method: 'POST', url, headers: { ...headers, authorization } }, signal);
    },
    close: () => transport.close(),
  };
}

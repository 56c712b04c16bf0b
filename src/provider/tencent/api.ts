import { createHash, createHmac } from 'node:crypto';
import type { sms } from 'tencentcloud-sdk-nodejs-sms';
import type { Clock } from '../../clock.ts';
import { readJson } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer, type HttpRequest, rebase } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import type { ProviderError } from '../contract/provider.ts';
import { classifyTencent } from './codes.ts';
import type { TencentConfig } from './config.ts';

interface Tc3Request {
  /** The host as sent, with the port unless it is the default of the scheme. */
  readonly host: string;
  /** The exact value that is sent. */
  readonly contentType: string;
  readonly body: string;
  /** Seconds since the epoch; equal to `X-TC-Timestamp`. */
  readonly timestamp: number;
  /** Name of the product, such as `sms`. */
  readonly service: string;
}

interface Tc3Key {
  readonly secretId: string;
  readonly secretKey: string;
}

const ALGORITHM = 'TC3-HMAC-SHA256';
const SIGNED_HEADERS = 'content-type;host';

/** Returns the `Authorization` header of a POST: https://cloud.tencent.com/document/api/306/57449 */
export function signTc3({ host, contentType, body, timestamp, service }: Tc3Request, { secretId, secretKey }: Tc3Key): string {
  // The signed path is always "/", also with a base URL that has a path; a POST has no query.
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

/** Fields of `Response`, not validated: any field may be missing or of another type than documented. */
export type Loose<Body> = { readonly [Key in keyof Body]?: unknown };

export type TencentReply<Body> =
  | { readonly kind: 'said'; readonly said: Loose<Body>; readonly answer: HttpAnswer }
  /** `answer`: the response, when there was one. */
  | { readonly kind: 'refused'; readonly error: ProviderError; readonly answer?: HttpAnswer };

/** Client of Tencent's API 3.0 on our transport, typed by Tencent's SDK. */
export interface TencentApi {
  /** Makes one request. Never rejects. */
  ask<Name extends Action>(action: Name, params: RequestOf<Name>, signal: AbortSignal): Promise<TencentReply<ResponseOf<Name>>>;
  close(): Promise<void>;
}

const ENDPOINT = 'https://sms.tencentcloudapi.com/';
const VERSION = '2021-01-11';
const CONTENT_TYPE = 'application/json; charset=utf-8';

/**
 * The SDK itself is not loaded: it drops the body of a response other than 200, and with it the error code; it signs a
 * host without its port, reads the clock itself, obeys `http_proxy`, and reports transport errors as prose only, so
 * that a request that was never sent cannot be distinguished from one that may have been. See docs/dependencies.md.
 */
export function createTencentApi(config: TencentConfig, clock: Clock): TencentApi {
  const transport = createTransport(config);

  return {
    async ask<Name extends Action>(action: Name, params: RequestOf<Name>, signal: AbortSignal): Promise<TencentReply<ResponseOf<Name>>> {
      const answer = await transport.exchange(toHttpRequest(action, params, config, clock.now()), signal);
      if (answer.kind === 'fault') return refusalFromFault(answer);
      const said = readResponse(answer.body);
      const code = (said?.Error as { readonly Code?: unknown } | null | undefined)?.Code;
      const isYes = answer.status >= 200 && answer.status < 300 && said !== undefined && !said.Error;
      return isYes
        ? { kind: 'said', said: said as Loose<ResponseOf<Name>>, answer }
        : { ...classifyTencent(answer, code, clock.now()), answer };
    },
    close: () => transport.close(),
  };
}

/** Builds the request; common parameters are headers: https://www.tencentcloud.com/document/product/382/40466 */
function toHttpRequest(action: Action, params: object, config: TencentConfig, now: Date): HttpRequest {
  const body = JSON.stringify(params);
  // Read once: header and signature must have the same second.
  const timestamp = Math.floor(now.getTime() / 1000);
  const { host } = rebase(ENDPOINT, config.baseUrl);
  const key = { secretId: config.secretId, secretKey: config.secretKey.reveal() };
  return {
    method: 'POST',
    url: ENDPOINT,
    headers: {
      Authorization: signTc3({ host, contentType: CONTENT_TYPE, body, timestamp, service: 'sms' }, key),
      'Content-Type': CONTENT_TYPE,
      'X-TC-Action': action,
      'X-TC-Version': VERSION,
      'X-TC-Timestamp': String(timestamp),
      'X-TC-Region': config.region,
    },
    body,
  };
}

function readResponse(body: string): { readonly Error?: unknown } | undefined {
  const response = (readJson(body) as { readonly Response?: unknown } | null | undefined)?.Response;
  return typeof response === 'object' && response !== null ? response : undefined;
}

type Client = InstanceType<typeof sms.v20210111.Client>;

/** The API actions in use, by their names in the SDK. */
type Action = 'SendSms' | 'DescribeSendRecordList' | 'DescribeSmsTemplateList' | 'DescribeSmsSignList' | 'SendStatusStatistics';

/** Types of the SDK, which exports them only through its client's methods. */
export type RequestOf<Name extends Action> = Parameters<Client[Name]>[0];
export type ResponseOf<Name extends Action> = Awaited<ReturnType<Client[Name]>>;
type Item<List> = NonNullable<List> extends readonly (infer One)[] ? One : never;

export type SendStatus = Item<ResponseOf<'SendSms'>['SendStatusSet']>;
export type SendRecord = Item<ResponseOf<'DescribeSendRecordList'>['SendRecordSet']>;
export type TemplateStatus = Item<ResponseOf<'DescribeSmsTemplateList'>['DescribeTemplateStatusSet']>;
export type SignStatus = Item<ResponseOf<'DescribeSmsSignList'>['DescribeSignListStatusSet']>;

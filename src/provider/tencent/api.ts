import type { Clock } from '../../clock.ts';
import { readJson } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer, type HttpRequest, rebase } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import type { ProviderError } from '../contract/provider.ts';
import { classifyTencent } from './codes.ts';
import type { TencentConfig } from './config.ts';
import { signTc3 } from './sign.ts';
import type { Action, RequestOf, ResponseOf } from './wire.ts';

/** What stands in `Response`, as it came: any field may be missing or of another kind than documented. */
export type Loose<VendorReport> = { readonly [Key in keyof VendorReport]?: unknown };

export type TencentReply<VendorReport> =
  | { readonly kind: 'said'; readonly said: Loose<VendorReport>; readonly answer: HttpAnswer }
  /** `answer` where there was one. */
  | { readonly kind: 'refused'; readonly error: ProviderError; readonly answer?: HttpAnswer };

/** Tencent's API 3.0 on our transport, typed by Tencent's SDK. */
export interface TencentApi {
  /** Makes one request. Never rejects. */
  ask<Name extends Action>(action: Name, params: RequestOf<Name>, signal: AbortSignal): Promise<TencentReply<ResponseOf<Name>>>;
  close(): Promise<void>;
}

const ENDPOINT = 'https://sms.tencentcloudapi.com/';
const VERSION = '2021-01-11';
const CONTENT_TYPE = 'application/json; charset=utf-8';

/**
 * The SDK itself is not loaded: it drops the body of an answer that is not a 200, and with it the code of a refusal; it signs
 * a host without its port, reads the clock itself, obeys `http_proxy`, and names transport faults in prose only, so that a
 * request that was never sent cannot be told from one that may have been. See docs/dependencies.md.
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

/** https://www.tencentcloud.com/document/product/382/40466 : the common parameters are headers. */
function toHttpRequest(action: Action, params: object, config: TencentConfig, now: Date): HttpRequest {
  const body = JSON.stringify(params);
  // Read once: a second that ended between the header and the signature would spoil it.
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

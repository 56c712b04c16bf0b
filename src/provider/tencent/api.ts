import type { sms } from 'tencentcloud-sdk-nodejs-sms';
import type { Clock } from '../../clock.ts';
import { readJson } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer, type HttpRequest, rebase } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type ProviderError, refuse } from '../contract/provider.ts';
import { classifyTencent } from './codes.ts';
import type { TencentConfig } from './config.ts';
import { signTc3 } from './sign.ts';

type Sdk = InstanceType<typeof sms.v20210111.Client>;

/** What stands in `Response`, as it came: any field may be missing or of another kind than documented. */
export type Loose<VendorReport> = { readonly [Key in keyof VendorReport]?: unknown };

export type TencentReply<VendorReport> =
  | { readonly kind: 'said'; readonly said: Loose<VendorReport>; readonly answer: HttpAnswer }
  /** `answer` where there was one. */
  | { readonly kind: 'refused'; readonly error: ProviderError; readonly answer?: HttpAnswer };

/** Tencent's own SDK on our transport. */
export interface TencentApi {
  /** One request, the one that `call` makes. Never rejects. */
  ask<VendorReport extends object>(call: (sdk: Sdk) => Promise<VendorReport>, signal: AbortSignal): Promise<TencentReply<VendorReport>>;
  close(): Promise<void>;
}

const ENDPOINT = 'https://sms.tencentcloudapi.com/';
const CONTENT_TYPE = 'application/json; charset=utf-8';

/**
 * The SDK names the actions, their version and their fields. Its own way onto the wire is left out: it drops the body of
 * an answer that is not a 200, signs a host without its port, reads the clock itself and obeys `http_proxy`. All its
 * methods go through the public `request`, which is ours here; so the SDK is not even told the key.
 */
export async function createTencentApi(config: TencentConfig, clock: Clock): Promise<TencentApi> {
  // Loaded here, so that only who configures Tencent pays for it.
  const { sms } = await import('tencentcloud-sdk-nodejs-sms');
  const transport = createTransport(config);

  const exchange = async (request: HttpRequest, signal: AbortSignal): Promise<TencentReply<object>> => {
    const answer = await transport.exchange(request, signal);
    if (answer.kind === 'fault') return refusalFromFault(answer);
    const said = readResponse(answer.body);
    const code = (said?.Error as { readonly Code?: unknown } | null | undefined)?.Code;
    const isYes = answer.status >= 200 && answer.status < 300 && said !== undefined && !said.Error;
    return isYes ? { kind: 'said', said, answer } : { ...classifyTencent(answer, code, clock.now()), answer };
  };

  return {
    async ask<VendorReport extends object>(call: (sdk: Sdk) => Promise<VendorReport>, signal: AbortSignal) {
      let reply: TencentReply<object> = refuse('unavailable', { code: 'SDK_MADE_NO_REQUEST' });
      const sdk = new sms.v20210111.Client({ credential: {}, region: config.region });
      sdk.request = async (action, given) => {
        reply = await exchange(toHttpRequest({ action, version: sdk.apiVersion, given }, config, clock.now()), signal);
        return {};
      };
      await call(sdk);
      return reply as TencentReply<VendorReport>;
    },
    close: () => transport.close(),
  };
}

interface Call {
  readonly action: string;
  readonly version: string;
  readonly given: unknown;
}

/** https://www.tencentcloud.com/document/product/382/40466 : the common parameters are headers. */
function toHttpRequest({ action, version, given }: Call, config: TencentConfig, now: Date): HttpRequest {
  const body = JSON.stringify(given);
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
      'X-TC-Version': version,
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

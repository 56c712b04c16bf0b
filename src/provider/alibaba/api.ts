import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { createTransport, type Exchange, rebase } from '../../http-client/transport.ts';
import type { AlibabaConfig } from './config.ts';
import { hostOfRegion } from './endpoint.ts';
import { authorize, EMPTY_BODY_HASH, encodeQuery } from './sign.ts';

/** https://api.aliyun.com/api/Dysmsapi/2017-05-25 */
const VERSION = '2017-05-25';

export type Action = 'SendSms' | 'QuerySendDetails' | 'GetSmsTemplate' | 'GetSmsSign';

/** Calls of Alibaba Cloud's API, each one signed request. */
export interface AlibabaApi {
  call(action: Action, params: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
}

/**
 * Ours rather than the vendor's SDK (@alicloud/dysmsapi20170525 4.6.0), which gives up after 3 s and calls a request
 * that was sent "connect failed", ignores its own proxy options, takes no AbortSignal, and quotes the URL, with phone
 * number and login code, in its errors. It serves our tests as an independent signer.
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

import { createHash, createHmac } from 'node:crypto';
import type { Hit, Reply } from './http-vendor.ts';
import { type Responder, type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';

/** One call of the API 3.0, or what was meant to be one. */
export interface TencentHit extends VendorCall {
  /** `X-TC-Action`, such as `SendSms`. */
  readonly action: string;
  /** The JSON body. */
  readonly params: Readonly<Record<string, unknown>>;
}

export type TencentResponder = Responder<TencentHit>;
export type FakeTencent = ScriptedVendor<TencentHit>;

export interface TencentAccount {
  readonly secretId: string;
  readonly secretKey: string;
  readonly appId: string;
  /** By which timestamps are judged; the system's when it is left out. */
  readonly now?: () => Date;
}

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  SendSms: ['PhoneNumberSet', 'SmsSdkAppId', 'TemplateId'],
  DescribeSendRecordList: ['PhoneNumber', 'SmsSdkAppId', 'BeginTime'],
  DescribeSmsTemplateList: ['International'],
  DescribeSmsSignList: ['International'],
  SendStatusStatistics: ['BeginTime', 'EndTime', 'SmsSdkAppId', 'Limit', 'Offset'],
};

/**
 * A server that speaks Tencent's API 3.0 for SMS and verifies TC3 as the documentation has it: recomputed from the
 * headers and the bytes that arrived. Answers HTTP 200 to everything, as Tencent does. Without
 * {@link ScriptedVendor.respondWith} it accepts every text, and has empty lists.
 * https://cloud.tencent.com/document/api/306/57449
 */
export async function startFakeTencent(account: TencentAccount): Promise<FakeTencent> {
  return startScriptedVendor<TencentHit>((hit) => {
    const action = header(hit, 'x-tc-action');
    const params = parseObject(hit.body);
    const refusal = refusalFor(hit, action, params, account);
    return { call: { action, params: params ?? {} }, refusal, usual: () => defaultAnswer(action, params ?? {}) };
  });
}

/** `{"Response":{…,"RequestId":…}}` with HTTP 200. */
export function tencentAnswer(response: Readonly<Record<string, unknown>>, headers: Readonly<Record<string, string>> = {}): Reply & object {
  const body = JSON.stringify({ Response: { ...response, RequestId: 'f36e4f00-605e-49b1-ad0d-bfaba81c7325' } });
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** The whole request is refused. */
export function tencentError(code: string, message = 'said by Tencent'): Reply & object {
  return tencentAnswer({ Error: { Code: code, Message: message } });
}

/** The request is taken, and its one number is refused: no error of the request. */
export function tencentNumberError(code: string, to = '+60123456789'): Reply & object {
  return tencentAnswer({
    SendStatusSet: [
      { SerialNo: '', PhoneNumber: to, Fee: 0, SessionContext: '', Code: code, Message: `${to} said by Tencent`, IsoCode: 'MY' },
    ],
  });
}

function defaultAnswer(action: string, params: TencentHit['params']): Reply {
  switch (action) {
    case 'SendSms':
      return tencentAnswer({
        SendStatusSet: (params.PhoneNumberSet as string[]).map((PhoneNumber, index) => ({
          SerialNo: `5000:104592706128580608675${index}`,
          PhoneNumber,
          Fee: 1,
          SessionContext: params.SessionContext ?? '',
          Code: 'Ok',
          Message: 'send success',
          IsoCode: PhoneNumber.startsWith('+86') ? 'CN' : 'MY',
        })),
      });
    case 'DescribeSendRecordList':
      return tencentAnswer({ SendRecordSet: [], TotalCount: 0 });
    case 'DescribeSmsTemplateList':
      return tencentAnswer({ DescribeTemplateStatusSet: [] });
    case 'DescribeSmsSignList':
      return tencentAnswer({ DescribeSignListStatusSet: [] });
    default:
      return tencentAnswer({ SendStatusStatistics: { FeeCount: 0, RequestCount: 0, RequestSuccessCount: 0 } });
  }
}

function refusalFor(
  hit: Hit,
  action: string,
  params: Readonly<Record<string, unknown>> | undefined,
  account: TencentAccount,
): Reply | undefined {
  const now = (account.now?.() ?? new Date()).getTime();
  const timestamp = header(hit, 'x-tc-timestamp');
  const given = /^TC3-HMAC-SHA256 Credential=([^/]+)\/([\d-]+)\/sms\/tc3_request, SignedHeaders=([a-z;-]+), Signature=([0-9a-f]{64})$/.exec(
    header(hit, 'authorization'),
  );
  if (given === null) return tencentError('AuthFailure.InvalidAuthorization');
  const [, secretId, date, signed, signature] = given as unknown as [string, string, string, string, string];
  if (secretId !== account.secretId) return tencentError('AuthFailure.SecretIdNotFound');
  if (!/^\d{10}$/.test(timestamp) || Math.abs(now - Number(timestamp) * 1000) > 300_000) return tencentError('AuthFailure.SignatureExpire');
  const names = signed.split(';');
  if (!names.includes('content-type') || !names.includes('host')) return tencentError('AuthFailure.InvalidAuthorization');
  if (signature !== expectedSignature(hit, names, timestamp, date, account.secretKey)) return tencentError('AuthFailure.SignatureFailure');
  const required = REQUIRED[action];
  if (required === undefined || hit.method !== 'POST') return tencentError('InvalidAction');
  if (header(hit, 'x-tc-version') !== '2021-01-11') return tencentError('NoSuchVersion');
  if (header(hit, 'x-tc-region') === '') return tencentError('MissingParameter');
  if (!/^application\/json\b/.test(header(hit, 'content-type')) || params === undefined) return tencentError('InvalidRequest');
  if (required.some((name) => params[name] === undefined)) return tencentError('MissingParameter');
  if (Object.values(params).includes(null)) return tencentError('InvalidParameter');
  const appId = params.SmsSdkAppId;
  return appId === undefined || appId === account.appId ? undefined : tencentError('UnauthorizedOperation.SmsSdkAppIdVerifyFail');
}

/** Step by step as the documentation tells it. */
function expectedSignature(hit: Hit, names: readonly string[], timestamp: string, date: string, secretKey: string): string {
  const canonicalHeaders = names.map((name) => `${name}:${header(hit, name).trim().toLowerCase()}\n`).join('');
  const payloadHash = createHash('sha256').update(hit.body, 'utf8').digest('hex');
  const canonicalRequest = `${hit.method}\n/\n\n${canonicalHeaders}\n${names.join(';')}\n${payloadHash}`;
  // The date must be that of the timestamp.
  const credentialDate = new Date(Number(timestamp) * 1000).toISOString().split('T')[0];
  const requestHash = createHash('sha256').update(canonicalRequest).digest('hex');
  const stringToSign = `TC3-HMAC-SHA256\n${timestamp}\n${credentialDate}/sms/tc3_request\n${requestHash}`;
  const secretDate = createHmac('sha256', `TC3${secretKey}`).update(date).digest();
  const secretService = createHmac('sha256', secretDate).update('sms').digest();
  const secretSigning = createHmac('sha256', secretService).update('tc3_request').digest();
  return createHmac('sha256', secretSigning).update(stringToSign).digest('hex');
}

function header({ headers }: Hit, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Hit, Reply } from './http-vendor.ts';
import { type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';

/** One call of the API, or what was meant to be one. */
export interface AlibabaHit extends VendorCall {
  /** `SendSms` and so on. */
  readonly action: string;
  /** From the query, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** A text in the vendor's records. */
export interface AlibabaRecord {
  readonly phone: string;
  /** `yyyyMMdd`, Beijing. */
  readonly day: string;
  readonly bizId: string;
  outId?: string;
  /** 1 waits, 2 failed, 3 arrived. */
  status: number;
  errCode?: string;
  receiveDate?: string;
}

export interface FakeAlibaba extends ScriptedVendor<AlibabaHit> {
  /** What `QuerySendDetails` finds; texts that were taken are put here. */
  readonly records: AlibabaRecord[];
}

export interface AlibabaAccount {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Approved ones; without them, any will do. */
  readonly signs?: readonly string[];
  /** By code, what they say, such as `${priority} ${instance}`; without them, any will do. */
  readonly templates?: Readonly<Record<string, string>>;
  /** The vendor's clock; default this machine's. */
  readonly now?: () => Date;
}

const CLOCK_TOLERANCE_MS = 15 * 60_000;

/**
 * A server that speaks the wire of Dysms 2017-05-25: verifies ACS3-HMAC-SHA256, time and nonce as its gateway does, takes
 * texts, keeps records of them, and knows signatures and templates.
 * https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
 */
export async function startFakeAlibaba(account: AlibabaAccount): Promise<FakeAlibaba> {
  const records: AlibabaRecord[] = [];
  const nonces = new Set<string>();
  const now = account.now ?? (() => new Date());

  const refusalFor = (hit: Hit): Reply | undefined => {
    const header = (name: string) => String(hit.headers[name] ?? '');
    const authorization = /^ACS3-HMAC-SHA256 Credential=([^,]*),SignedHeaders=([^,]*),Signature=([0-9a-f]{64})$/.exec(
      header('authorization'),
    );
    if (authorization === null)
      return alibabaError(400, 'IncompleteSignature', 'The request signature does not conform to Aliyun standards.');
    const [, key, names = '', signature] = authorization;
    if (key !== account.accessKeyId) return alibabaError(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
    const date = header('x-acs-date');
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date))
      return alibabaError(400, 'InvalidTimeStamp.Format', 'Specified time stamp is not well formatted.');
    if (Math.abs(Date.parse(date) - now().getTime()) > CLOCK_TOLERANCE_MS) {
      return alibabaError(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
    }
    if (!coversAll(hit, names.split(';')) || expectedSignature(hit, names, account.accessKeySecret) !== signature) {
      return alibabaError(400, 'SignatureDoesNotMatch', `Specified signature is not matched with our calculation. ${hit.path}`);
    }
    const nonce = header('x-acs-signature-nonce');
    if (nonce === '' || nonces.has(nonce)) return alibabaError(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
    nonces.add(nonce);
    if (header('x-acs-version') !== '2017-05-25') return alibabaError(404, 'InvalidVersion', 'Specified parameter Version is not valid.');
    if (!(header('x-acs-action') in ACTIONS)) return alibabaError(404, 'InvalidAction.NotFound', 'Specified api is not found.');
    return undefined;
  };

  const vendor = await startScriptedVendor<AlibabaHit>((hit) => {
    const params = Object.fromEntries(rawQuery(hit.path).map(([name, value]) => [name, decodeURIComponent(value)]));
    const action = String(hit.headers['x-acs-action'] ?? '');
    const usual = () => (ACTIONS[action] as Act)(params, account, records, now());
    return { call: { action, params }, refusal: refusalFor(hit), usual };
  });
  return { ...vendor, records };
}

/** `host`, `content-type` where there is one, and every `x-acs-*` that came must be signed. */
function coversAll({ headers }: Hit, names: readonly string[]): boolean {
  const due = Object.keys(headers).filter((name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'));
  return due.length === names.length && due.every((name) => names.includes(name));
}

function expectedSignature({ method, path, headers, body }: Hit, names: string, secret: string): string {
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const query = rawQuery(path)
    .map(([name, value]) => [name, percentEncode(decodeURIComponent(value))] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = `${method}\n${path.split('?')[0]}\n${query}\n${lines.join('')}\n${names}\n${bodyHash}`;
  const toSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical, 'utf8').digest('hex')}`;
  // A header that lies about the body makes every signature wrong.
  return headers['x-acs-content-sha256'] === bodyHash ? createHmac('sha256', secret).update(toSign).digest('hex') : '';
}

function rawQuery(path: string): [string, string][] {
  const query = path.split('?')[1] ?? '';
  return query
    .split('&')
    .filter(Boolean)
    .map((pair) => pair.split('=') as [string, string]);
}

/** RFC 3986, byte by byte. */
function percentEncode(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

type Act = (params: Readonly<Record<string, string>>, account: AlibabaAccount, records: AlibabaRecord[], now: Date) => Reply;

const ACTIONS: Readonly<Record<string, Act>> = {
  SendSms(params, { signs, templates }, records, now) {
    const { PhoneNumbers, SignName, TemplateCode, TemplateParam = '{}', OutId } = params;
    if (!PhoneNumbers || !SignName || !TemplateCode) return alibabaError(400, 'MissingParameter', 'A parameter is missing.');
    if (!/^(1\d{10}|[2-9]\d{6,14})$/.test(PhoneNumbers))
      return alibabaAnswer('isv.MOBILE_NUMBER_ILLEGAL', `${PhoneNumbers}invalid mobile number`);
    if (signs?.includes(SignName) === false) return alibabaAnswer('isv.SMS_SIGNATURE_ILLEGAL', '签名不合法');
    const content = templates?.[TemplateCode];
    if (templates !== undefined && content === undefined) return alibabaAnswer('isv.SMS_TEMPLATE_ILLEGAL', '模板不合法');
    const given = readParam(TemplateParam);
    if (given === undefined) return alibabaAnswer('isv.INVALID_JSON_PARAM', 'JSON参数不合法');
    const asked = [...(content ?? '').matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] as string);
    if (asked.some((name) => !given[name])) return alibabaAnswer('isv.TEMPLATE_MISSING_PARAMETERS', '模板变量缺少对应参数值');
    const bizId = `${Date.now()}${String(records.length).padStart(5, '0')}^0`;
    records.push({ phone: PhoneNumbers, day: beijingDay(now), bizId, status: 1, ...(OutId === undefined ? {} : { outId: OutId }) });
    return alibabaAnswer('OK', 'OK', { BizId: bizId });
  },

  QuerySendDetails(params, _account, records) {
    const { PhoneNumber, SendDate, PageSize, CurrentPage, BizId } = params;
    const size = Number(PageSize);
    const page = Number(CurrentPage);
    if (!PhoneNumber || !/^\d{8}$/.test(SendDate ?? '') || !(size >= 1 && size <= 50) || !(page >= 1)) {
      return alibabaAnswer('isv.INVALID_PARAMETERS', '参数异常');
    }
    const found = records.filter(
      ({ phone, day, bizId }) => phone === PhoneNumber && day === SendDate && (BizId === undefined || bizId === BizId),
    );
    return alibabaAnswer('OK', 'OK', {
      TotalCount: String(found.length),
      SmsSendDetailDTOs: { SmsSendDetailDTO: found.slice((page - 1) * size, page * size).map(toDetail) },
    });
  },

  GetSmsSign({ SignName = '' }, { signs }) {
    return signs?.includes(SignName) === false
      ? alibabaAnswer('isv.SMS_SIGNATURE_ILLEGAL', '签名不合法')
      : alibabaAnswer('OK', 'OK', { SignName, SignStatus: 1 });
  },

  GetSmsTemplate({ TemplateCode = '' }, { templates }) {
    const content = templates === undefined ? `\${instance}\${priority}\${content}` : templates[TemplateCode];
    return content === undefined
      ? alibabaAnswer('isv.SMS_TEMPLATE_ILLEGAL', '模板不合法')
      : alibabaAnswer('OK', 'OK', { TemplateCode, TemplateStatus: '1', TemplateContent: content });
  },
};

/** An object of strings, or nothing. */
function readParam(json: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isFlat = typeof value === 'object' && value !== null && Object.values(value).every((field) => typeof field === 'string');
    return isFlat ? (value as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

function toDetail({ phone, outId, status, errCode, receiveDate }: AlibabaRecord): object {
  return {
    PhoneNum: phone,
    SendStatus: status,
    ErrCode: errCode ?? '',
    TemplateCode: 'SMS_1',
    Content: '【签名】……',
    SendDate: '2026-11-20 11:00:00',
    ReceiveDate: receiveDate ?? '',
    OutId: outId ?? '',
  };
}

function beijingDay(at: Date): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(at).replaceAll('-', '');
}

/** The service's own word, yes or no: both come with a 200. */
export function alibabaAnswer(code: string, message: string, more: Readonly<Record<string, unknown>> = {}): Reply & object {
  return json(200, { Code: code, Message: message, RequestId: randomUUID().toUpperCase(), ...more });
}

/** A refusal of the gateway in front of it. */
export function alibabaError(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply & object {
  const more = { HostId: 'dysmsapi.aliyuncs.com', Recommend: `https://api.aliyun.com/troubleshoot?q=${code}` };
  return json(status, { Code: code, Message: message, RequestId: randomUUID().toUpperCase(), ...more }, headers);
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply & object {
  return { status, headers: { 'content-type': 'application/json;charset=utf-8', ...headers }, body: JSON.stringify(body) };
}

import { createHmac } from 'node:crypto';
import type { Hit, Reply } from './http-vendor.ts';
import { type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';

export interface UnismsHit extends VendorCall {
  /** As a server reads it: `+` is a space. */
  readonly query: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, unknown>>;
}

export type FakeUnisms = ScriptedVendor<UnismsHit>;

export interface UnismsAccount {
  readonly accessKeyId: string;
  /** Set: the account is in HMAC mode, and nothing unsigned is taken. */
  readonly accessKeySecret?: string;
  /** Names of the variables by the id of each approved template. */
  readonly templates: Readonly<Record<string, readonly string[]>>;
  readonly now: () => Date;
}

/**
 * A server that speaks UniSMS's wire format and checks what the documents say of it: https://www.unimtx.com/docs/api/general
 * and https://www.unimtx.com/docs/api/send . Without {@link ScriptedVendor.respondWith} it accepts every valid call.
 */
export async function startFakeUnisms(account: UnismsAccount): Promise<FakeUnisms> {
  const nonces = new Set<string>();
  return startScriptedVendor<UnismsHit>((hit) => {
    const { pathname, searchParams } = new URL(hit.path, 'http://localhost');
    const json = readBody(hit);
    const refusal = pathname === '/' ? (refuseCaller(searchParams, account, nonces) ?? refuseMessage(hit, json, account)) : html(404);
    const call = { query: Object.fromEntries(searchParams), json: json ?? {} };
    return { call, refusal, usual: () => unismsAccepted(String(json?.to)) };
  });
}

function refuseCaller(
  query: URLSearchParams,
  { accessKeyId, accessKeySecret, now }: UnismsAccount,
  nonces: Set<string>,
): Reply | undefined {
  if (!query.has('accessKeyId')) return unismsError('104110', 'MissingAccessKeyId');
  if (query.get('accessKeyId') !== accessKeyId) return unismsError('104111', 'InvalidAccessKeyId');
  if (accessKeySecret === undefined) return undefined;
  const signature = query.get('signature');
  if (signature === null) return unismsError('104200', 'MissingSignature');
  const rest = new URLSearchParams(query);
  rest.delete('signature');
  rest.sort();
  const text = [...rest].map((pair) => pair.join('=')).join('&');
  const nonce = query.get('nonce') ?? '';
  const expected = createHmac('sha256', accessKeySecret).update(text, 'utf8').digest();
  if (
    query.get('algorithm') !== 'hmac-sha256' ||
    nonce.length < 8 ||
    nonce.length > 64 ||
    nonces.has(nonce) ||
    signature !== expected.toString('base64')
  ) {
    return unismsError('104201', 'InvalidSignature');
  }
  nonces.add(nonce);
  const skewMs = Math.abs(Number(query.get('timestamp')) - now().getTime());
  return skewMs <= 600_000 ? undefined : unismsError('104202', 'InvalidSignatureTimestamp');
}

function refuseMessage(
  { method, headers, path }: Hit,
  json: UnismsHit['json'] | undefined,
  { templates }: UnismsAccount,
): Reply | undefined {
  if (method !== 'POST' || !path.includes('action=sms.message.send') || !headers['content-type']?.startsWith('application/json'))
    return html(404);
  if (json === undefined) return unismsError('104002', 'InvalidParams');
  const { to, signature, templateId, templateData } = json;
  if (to === undefined) return unismsError('104001', 'MissingParams');
  if (typeof to !== 'string' || !/^\+[1-9]\d{6,14}$/.test(to)) return unismsError('107111', 'InvalidPhoneNumbers');
  if (typeof signature !== 'string' || signature.length < 2 || signature.length > 16) return unismsError('107122', 'InvalidSmsSignature');
  const names = templates[String(templateId)];
  if (names === undefined) return unismsError('107141', 'SmsTemplateNotExists');
  const data = Object.entries((templateData ?? {}) as Record<string, unknown>);
  const fits =
    names.length === data.length &&
    data.every(([name, value]) => names.includes(name) && (typeof value === 'string' || typeof value === 'number'));
  return fits ? undefined : unismsError('104002', 'InvalidParams');
}

function readBody({ body }: Hit): UnismsHit['json'] | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const MESSAGE_ID = 'b3f6106a6135ad78d6ac3f232bbf1812';

/** A yes as the documents show it; `message` replaces fields of its only message. */
export function unismsAccepted(to: string, message: Readonly<Record<string, unknown>> = {}): Reply & object {
  const data = {
    recipients: 1,
    messageCount: 1,
    totalAmount: '0.040000',
    payAmount: '0.040000',
    virtualAmount: '0.000000',
    messages: [
      {
        id: MESSAGE_ID,
        to,
        regionCode: 'CN',
        countryCode: '86',
        messageCount: 1,
        status: 'sent',
        upstream: 'cm.std',
        price: '0.040000',
        ...message,
      },
    ],
  };
  return json(200, { code: '0', message: 'Success', data });
}

export function unismsError(code: string, message: string, status = 400): Reply & object {
  return json(status, { code, message, data: null });
}

function json(status: number, body: unknown): Reply & object {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}

function html(status: number): Reply {
  return { status, body: '<html></html>' };
}

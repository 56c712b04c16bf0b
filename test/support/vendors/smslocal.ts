import type { Hit, Reply } from './http-vendor.ts';
import { type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';

export interface SmslocalHit extends VendorCall {
  readonly json: Readonly<Record<string, unknown>>;
}

export type FakeSmslocal = ScriptedVendor<SmslocalHit>;

const PATH = '/api/service/enterprise-service/external/sms';

/**
 * A server that speaks SMSLocal's wire format, as far as it is known: the key in `Token`, a JSON object in, one entry a
 * part out. https://www.smslocal.com/developer
 */
export async function startFakeSmslocal(apiKey: string): Promise<FakeSmslocal> {
  return startScriptedVendor<SmslocalHit>((hit) => {
    const json = readBody(hit);
    return { call: { json: json ?? {} }, refusal: refuse(hit, json, apiKey), usual: () => smslocalAccepted() };
  });
}

function refuse({ method, path, headers }: Hit, json: SmslocalHit['json'] | undefined, apiKey: string): Reply | undefined {
  if (headers.token !== apiKey) return reply(401, { errorcode: '401', message: 'Unauthorized' });
  const [pathname] = path.split('?');
  if (pathname !== PATH) return reply(404, {});
  if (method === 'GET') return reply(404, { errorcode: '404' });
  if (method !== 'POST' || !headers['content-type']?.startsWith('application/json')) return reply(415, {});
  const { from, to, content, datacoding } = json ?? {};
  if (from !== undefined && (typeof from !== 'string' || from.length === 0 || from.length > 16)) return reply(200, { errorcode: '400' });
  if (typeof to !== 'string' || !/^[1-9]\d{6,14}$/.test(to)) return reply(200, { errorcode: '400' });
  if (typeof content !== 'string' || content === '') return reply(200, { errorcode: '400' });
  // Whatever lies beyond Latin-1, but for the euro and the Greek capitals, is in no GSM-7 text.
  const isUnicode = /[^\n\r\f -ÿ€ΔΦΓΛΩΠΨΣΘΞ]/.test(content);
  return datacoding === 1 || (datacoding === 0 && !isUnicode) ? undefined : reply(200, { errorcode: '400' });
}

function readBody({ body }: Hit): SmslocalHit['json'] | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A yes as the live service says it, one entry a part. */
export function smslocalAccepted(parts = 1): Reply & object {
  return reply(
    200,
    Array.from({ length: parts }, (_, index) => ({ errorCode: '200', id: `9f2a7c10-4b2e-4f0a-8a55-00000000000${index + 1}` })),
  );
}

export function smslocalAnswer(body: unknown, status = 200): Reply & object {
  return reply(status, body);
}

function reply(status: number, body: unknown): Reply & object {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

import type { Hit, Reply } from './http-vendor.ts';
import { type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';

/** One call, its body read by its content type. */
export interface GatewayHit extends VendorCall {
  /** The JSON body, or the form or query fields as an object of strings. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type FakeGateway = ScriptedVendor<GatewayHit>;

/** Any small vendor's HTTP API: takes JSON, form or query, and says `{"code":"0","data":{"id":"gw-<n>"}}`. */
export async function startFakeGateway(): Promise<FakeGateway> {
  return startScriptedVendor<GatewayHit>((hit) => ({
    call: { fields: readFields(hit) },
    refusal: undefined,
    usual: (index) => gatewayAnswer(200, { code: '0', data: { id: `gw-${index + 1}` } }),
  }));
}

export function gatewayAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function readFields({ method, path, headers, body }: Hit): Readonly<Record<string, unknown>> {
  if (method === 'GET') return Object.fromEntries(new URL(path, 'http://localhost').searchParams);
  if (headers['content-type']?.startsWith('application/json')) return JSON.parse(body);
  return Object.fromEntries(new URLSearchParams(body));
}

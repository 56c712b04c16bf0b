import { type Hit, type Reply, startHttpVendor } from './http-vendor.ts';

/** One call, its body read by its content type. */
export interface GatewayHit extends Hit {
  /** The JSON body, or the form or query fields as an object of strings. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type GatewayResponder = (hit: GatewayHit, index: number) => Reply | undefined | Promise<Reply | undefined>;

export interface FakeGateway {
  readonly url: string;
  readonly requests: GatewayHit[];
  /** From now on; `undefined` = the default answer. */
  respondWith(responder: GatewayResponder): void;
  close(): Promise<void>;
}

/** Any small vendor's HTTP API: takes JSON, form or query, and says `{"code":"0","data":{"id":"gw-<n>"}}`. */
export async function startFakeGateway(): Promise<FakeGateway> {
  const requests: GatewayHit[] = [];
  let responder: GatewayResponder = () => undefined;
  const vendor = await startHttpVendor((hit) => {
    const index = requests.length;
    const gatewayHit: GatewayHit = { ...hit, fields: readFields(hit) };
    requests.push(gatewayHit);
    const said = responder(gatewayHit, index);
    const orAccepted = (reply: Reply | undefined) => reply ?? gatewayAnswer(200, { code: '0', data: { id: `gw-${index + 1}` } });
    return said instanceof Promise ? said.then(orAccepted) : orAccepted(said);
  });
  return {
    url: vendor.url,
    requests,
    respondWith: (next) => {
      responder = next;
    },
    close: vendor.close,
  };
}

export function gatewayAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function readFields({ method, path, headers, body }: Hit): Readonly<Record<string, unknown>> {
  if (method === 'GET') return Object.fromEntries(new URL(path, 'http://localhost').searchParams);
  if (headers['content-type']?.startsWith('application/json')) return JSON.parse(body);
  return Object.fromEntries(new URLSearchParams(body));
}

import type { FastifyRequest } from 'fastify';
import { withoutBom } from '../../http-client/read-answer.ts';
import type { ReceiptCall } from '../../provider/contract/receipt-reader.ts';

/** What a vendor's reader takes. The target comes from the wire: what routing made of it is no longer what was signed. */
export function vendorCallOf({ method, raw, headers, body }: FastifyRequest): ReceiptCall {
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    target: raw.url ?? '',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])),
    body: typeof body === 'string' ? body : '',
  };
}

/** The call as a reader takes it once it is known to be genuine: a byte order mark is no part of the first field. */
export function callWithoutBom(call: ReceiptCall): ReceiptCall {
  return { ...call, body: withoutBom(call.body) };
}

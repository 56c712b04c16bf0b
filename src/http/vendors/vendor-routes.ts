import type { FastifyInstance, FastifyRequest } from 'fastify';
import { withoutBom } from '../../http-client/read-answer.ts';
import type { InboundKind, ReceiptState } from '../../pipeline/observer.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { InboundReader, ReceiptCall, ReceiptReader, VendorInbound, VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import { HttpProblem } from '../server/problem.ts';

export interface ReceiptDeps {
  /** All configured providers, with or without a receipt reader. */
  readonly sources: VendorSources<ReceiptReader>;
  /** Stores all of what one call reported, or nothing. @throws RedisUnavailableError */
  readonly enqueue: (provider: ProviderName, receipts: readonly VendorReceipt[]) => Promise<void>;
  /** Counts each rejected receipt. */
  readonly count: (provider: ProviderName, state: Extract<ReceiptState, 'forged' | 'unreadable'>) => void;
}

/**
 * Adds `POST /v1/receipts/{provider}`, or GET where the vendor uses it: verify, queue, 200; the receipt is applied elsewhere. The
 * readable entries of a batch are accepted and the others counted, because the vendor would otherwise repeat the whole batch
 * with the same result.
 */
export function receiptRoutes(app: FastifyInstance, { sources, enqueue, count }: ReceiptDeps): void {
  app.route<{ Params: { provider: string } }>({
    method: ['GET', 'POST'],
    url: '/v1/receipts/:provider',
    exposeHeadRoute: false,
    config: { keepsBody: true },
    handler: async (request, reply) => {
      const { provider } = request.params;
      const reader = readerOf(sources, provider, (type) => `Receipts of ${type} are not supported.`);
      const call = vendorCallOf(request);
      if (!reader.methods.includes(call.method)) {
        const allow = reader.methods.join(', ');
        throw new HttpProblem('method-not-allowed', { detail: `Allowed here: ${allow}.`, headers: { allow } });
      }
      if (!reader.isGenuine(call)) {
        count(provider, 'forged');
        throw new HttpProblem('forged-receipt', { detail: 'The signature or token is missing or wrong.' });
      }
      const entries = reader.read(callWithoutBom(call));
      const readable = entries.filter((entry) => entry !== undefined);
      for (let left = entries.length - readable.length; left > 0; left -= 1) count(provider, 'unreadable');
      if (entries.length > 0 && readable.length === 0) {
        throw new HttpProblem('unreadable-receipt', { detail: 'The format is not one that this vendor is known to send.' });
      }
      if (readable.length > 0) await enqueue(provider, readable);
      return reply.send(reader.answer);
    },
  });
}

export interface InboundDeps {
  /** All configured providers, with or without an inbound reader. */
  readonly sources: VendorSources<InboundReader>;
  /** Stores the inbound message. @throws RedisUnavailableError */
  readonly enqueue: (provider: ProviderName, inbound: VendorInbound) => Promise<void>;
  /** Counts each rejected inbound message. */
  readonly count: (provider: ProviderName, kind: Extract<InboundKind, 'forged' | 'unreadable'>) => void;
}

/** Adds `POST /v1/inbound/{provider}`: verify, queue, 200; STOP, START or a reply is recognised elsewhere. */
export function inboundRoutes(app: FastifyInstance, { sources, enqueue, count }: InboundDeps): void {
  app.post<{ Params: { provider: string } }>('/v1/inbound/:provider', { config: { keepsBody: true } }, async (request, reply) => {
    const { provider } = request.params;
    const reader = readerOf(sources, provider, (type) => `Inbound messages of ${type} are not supported.`);
    const call = vendorCallOf(request);
    if (!reader.isGenuine(call)) {
      count(provider, 'forged');
      throw new HttpProblem('forged-inbound', { detail: 'The signature is missing or wrong.' });
    }
    const inbound = reader.read(callWithoutBom(call));
    if (inbound === undefined) {
      count(provider, 'unreadable');
      throw new HttpProblem('unreadable-inbound', { detail: 'The format is not one that this vendor is known to send.' });
    }
    await enqueue(provider, inbound);
    return reply.type(reader.answer.type).send(reader.answer.body);
  });
}

/** Converts a request for a vendor's reader. The target is the one on the wire, because routing changes what was signed. */
function vendorCallOf({ method, raw, headers, body }: FastifyRequest): ReceiptCall {
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    target: raw.url ?? '',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])),
    body: typeof body === 'string' ? body : '',
  };
}

/** Removes the byte order mark, which is not part of the first field; only after the call is verified. */
function callWithoutBom(call: ReceiptCall): ReceiptCall {
  return { ...call, body: withoutBom(call.body) };
}

/** A configured provider as a source of callbacks. */
interface VendorSource<Reader> {
  readonly type: string;
  /** `undefined` for a type without such callbacks. */
  readonly reader: Reader | undefined;
}

type VendorSources<Reader> = ReadonlyMap<ProviderName, VendorSource<Reader>>;

/** @throws {HttpProblem} 404; `describeNone` gives the reason for a type without a reader */
function readerOf<Reader>(sources: VendorSources<Reader>, provider: string, describeNone: (type: string) => string): Reader {
  const source = sources.get(provider);
  if (source === undefined) throw new HttpProblem('not-found', { detail: 'No provider of this name is configured.' });
  if (source.reader !== undefined) return source.reader;
  throw new HttpProblem('not-found', { detail: describeNone(source.type) });
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { withoutBom } from '../../http-client/read-answer.ts';
import type { InboundKind, ReceiptState } from '../../pipeline/observer.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { InboundReader, ReceiptCall, ReceiptReader, VendorInbound, VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import { HttpProblem } from '../server/problem.ts';

export interface ReceiptDeps {
  /** Of each provider, whether it makes such calls or not. */
  readonly sources: VendorSources<ReceiptReader>;
  /** Stores all of what one call reported, or nothing. @throws RedisUnavailableError */
  readonly enqueue: (provider: ProviderName, receipts: readonly VendorReceipt[]) => Promise<void>;
  /** Told of each receipt that is turned away. */
  readonly count: (provider: ProviderName, state: Extract<ReceiptState, 'forged' | 'unreadable'>) => void;
}

/**
 * `POST /v1/receipts/{provider}`, or GET where the vendor calls so: verify, queue, 200; what became of it is decided
 * elsewhere. Of a batch the readable entries are taken and the others counted, because the vendor would send the whole
 * batch again and it would read no better.
 */
export function receiptRoutes(app: FastifyInstance, { sources, enqueue, count }: ReceiptDeps): void {
  app.route<{ Params: { provider: string } }>({
    method: ['GET', 'POST'],
    url: '/v1/receipts/:provider',
    exposeHeadRoute: false,
    config: { keepsBody: true },
    handler: async (request, reply) => {
      const { provider } = request.params;
      const reader = readerOf(sources, provider, (type) => `${type} reports no delivery here.`);
      const call = vendorCallOf(request);
      if (!reader.methods.includes(call.method)) {
        const allow = reader.methods.join(', ');
        throw new HttpProblem('method-not-allowed', { detail: `Allowed here: ${allow}.`, headers: { allow } });
      }
      if (!reader.isGenuine(call)) {
        count(provider, 'forged');
        throw new HttpProblem('forged-receipt', { detail: 'Its signature or token is missing or wrong.' });
      }
      const entries = reader.read(callWithoutBom(call));
      const readable = entries.filter((entry) => entry !== undefined);
      for (let left = entries.length - readable.length; left > 0; left -= 1) count(provider, 'unreadable');
      if (entries.length > 0 && readable.length === 0) {
        throw new HttpProblem('unreadable-receipt', { detail: 'It is not what this vendor sends, as far as we know.' });
      }
      if (readable.length > 0) await enqueue(provider, readable);
      return reply.send(reader.answer);
    },
  });
}

export interface InboundDeps {
  /** Of each provider, whether it makes such calls or not. */
  readonly sources: VendorSources<InboundReader>;
  /** Stores it. @throws RedisUnavailableError */
  readonly enqueue: (provider: ProviderName, inbound: VendorInbound) => Promise<void>;
  /** Told of each text that is turned away. */
  readonly count: (provider: ProviderName, kind: Extract<InboundKind, 'forged' | 'unreadable'>) => void;
}

/** `POST /v1/inbound/{provider}`: verify, queue, 200; STOP, START or an answer is decided elsewhere. */
export function inboundRoutes(app: FastifyInstance, { sources, enqueue, count }: InboundDeps): void {
  app.post<{ Params: { provider: string } }>('/v1/inbound/:provider', { config: { keepsBody: true } }, async (request, reply) => {
    const { provider } = request.params;
    const reader = readerOf(sources, provider, (type) => `Texts that come in through ${type} are not read.`);
    const call = vendorCallOf(request);
    if (!reader.isGenuine(call)) {
      count(provider, 'forged');
      throw new HttpProblem('forged-inbound', { detail: 'Its signature is missing or wrong.' });
    }
    const inbound = reader.read(callWithoutBom(call));
    if (inbound === undefined) {
      count(provider, 'unreadable');
      throw new HttpProblem('unreadable-inbound', { detail: 'It is no text from a phone, as far as we know this vendor.' });
    }
    await enqueue(provider, inbound);
    return reply.type(reader.answer.type).send(reader.answer.body);
  });
}

/** What a vendor's reader takes. The target comes from the wire: what routing made of it is no longer what was signed. */
function vendorCallOf({ method, raw, headers, body }: FastifyRequest): ReceiptCall {
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    target: raw.url ?? '',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])),
    body: typeof body === 'string' ? body : '',
  };
}

/** The call as a reader takes it once it is known to be genuine: a byte order mark is no part of the first field. */
function callWithoutBom(call: ReceiptCall): ReceiptCall {
  return { ...call, body: withoutBom(call.body) };
}

/** One provider of the config, as calls come from it. */
interface VendorSource<Reader> {
  readonly type: string;
  /** `undefined` for a type that makes no calls of that kind. */
  readonly reader: Reader | undefined;
}

type VendorSources<Reader> = ReadonlyMap<ProviderName, VendorSource<Reader>>;

/** @throws {HttpProblem} 404; `describeNone` says why a type has no reader */
function readerOf<Reader>(sources: VendorSources<Reader>, provider: string, describeNone: (type: string) => string): Reader {
  const source = sources.get(provider);
  if (source === undefined) throw new HttpProblem('not-found', { detail: 'No provider of this name is configured.' });
  if (source.reader !== undefined) return source.reader;
  throw new HttpProblem('not-found', { detail: describeNone(source.type) });
}

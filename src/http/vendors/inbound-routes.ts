import type { FastifyInstance } from 'fastify';
import type { InboundKind } from '../../pipeline/observer.ts';
import type { InboundReader, VendorInbound } from '../../provider/contract/inbound-reader.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import { HttpProblem } from '../server/problem.ts';
import { callWithoutBom, vendorCallOf } from './vendor-call.ts';
import { readerOf, type VendorSources } from './vendor-source.ts';

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

import type { FastifyInstance } from 'fastify';
import type { InboundKind } from '../pipeline/observer.ts';
import type { InboundReader, VendorInbound } from '../provider/inbound-reader.ts';
import type { ProviderName } from '../provider/provider.ts';
import { HttpProblem } from './problem.ts';
import { vendorCallOf } from './vendor-call.ts';

/** One provider of the config, as texts come in through it. */
export interface InboundSource {
  readonly type: string;
  /** `undefined` for a type whose inbound texts we cannot read. */
  readonly reader: InboundReader | undefined;
}

export interface InboundDeps {
  readonly sources: ReadonlyMap<ProviderName, InboundSource>;
  /** Stores it; false when no phone can have sent it. @throws RedisUnavailableError */
  readonly enqueue: (provider: ProviderName, inbound: VendorInbound) => Promise<boolean>;
  /** Told of each text that is turned away. */
  readonly count: (provider: ProviderName, kind: Extract<InboundKind, 'forged' | 'unreadable'>) => void;
}

/** `POST /v1/inbound/{provider}`: verify, queue, 200; STOP, START or an answer is decided elsewhere. */
export function inboundRoutes(app: FastifyInstance, { sources, enqueue, count }: InboundDeps): void {
  app.post<{ Params: { provider: string } }>('/v1/inbound/:provider', { config: { keepsBody: true } }, async (request, reply) => {
    const { provider } = request.params;
    const reader = readerOf(sources, provider);
    const call = vendorCallOf(request);
    if (!reader.isGenuine(call)) {
      count(provider, 'forged');
      throw new HttpProblem('forged-inbound', { detail: 'Its signature is missing or wrong.' });
    }
    const inbound = reader.read(call);
    if (inbound === undefined || !(await enqueue(provider, inbound))) {
      count(provider, 'unreadable');
      throw new HttpProblem('unreadable-inbound', { detail: 'It is no text from a phone, as far as we know this vendor.' });
    }
    return reply.type(reader.answer.type).send(reader.answer.body);
  });
}

function readerOf(sources: InboundDeps['sources'], provider: string): InboundReader {
  const source = sources.get(provider);
  if (source === undefined) throw new HttpProblem('not-found', { detail: 'No provider of this name is configured.' });
  if (source.reader !== undefined) return source.reader;
  throw new HttpProblem('not-found', { detail: `Texts that come in through ${source.type} are not read.` });
}

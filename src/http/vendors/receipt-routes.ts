import type { FastifyInstance } from 'fastify';
import type { ReceiptState } from '../../pipeline/observer.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { ReceiptReader, VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import { HttpProblem } from '../server/problem.ts';
import { callWithoutBom, vendorCallOf } from './vendor-call.ts';
import { readerOf, type VendorSources } from './vendor-source.ts';

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

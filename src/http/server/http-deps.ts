import type { Config } from '../../config/config.ts';
import type { Traces } from '../../ledger/history/trace.ts';
import type { Lists } from '../../ledger/lists/lists.ts';
import type { Logger } from '../../logger.ts';
import type { KnownNames } from '../../pipeline/routing/directory.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import type { Console } from '../console/console.ts';
import type { InboundDeps, ReceiptDeps } from '../vendors/vendor-routes.ts';
import type { WebhookCounts } from '../webhooks/webhook-intake.ts';
import type { OperationDeps } from './operation-routes.ts';

interface CommonDeps extends OperationDeps {
  readonly logger: Logger;
  readonly limits?: {
    /** Longest wait for what the answer needs; default 4.5 s, then 503. */
    readonly answerWithinMs?: number;
    /** Longest that a request may take to arrive; default 30 s, then 408. */
    readonly arriveWithinMs?: number;
  };
}

/** `/metrics`, `/healthz` and `/readyz` only: for the router and the dispatcher. */
export interface OperationsDeps extends CommonDeps {
  readonly role: 'operations';
}

/** Everything. */
export interface ReceiverDeps extends CommonDeps {
  readonly role: 'receiver';
  readonly config: Pick<Config, 'http'> & KnownNames;
  readonly producer: Pick<Producer, 'enqueueMany' | 'resolve' | 'acknowledge'>;
  /** Counts alerts that somebody took care of over HTTP. */
  readonly onAcknowledged: () => void;
  readonly webhookCounts: WebhookCounts;
  readonly traces: Traces;
  readonly lists: Lists;
  readonly now: () => Date;
  readonly receipts: ReceiptDeps;
  readonly inbound: InboundDeps;
  /** Only where a simulated provider is configured. */
  readonly outbox?: Pick<Outbox, 'latest'> | undefined;
  /** Only where it is served. */
  readonly console?: Console | undefined;
}

export type HttpServerDeps = OperationsDeps | ReceiverDeps;

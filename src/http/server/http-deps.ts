import type { Config } from '../../config/config.ts';
import type { Histories } from '../../ledger/history/history.ts';
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
    /** Deadline for answers that need Redis; default 4.5 s, then 503. */
    readonly answerWithinMs?: number;
    /** Deadline for receiving a request; default 30 s, then 408. */
    readonly arriveWithinMs?: number;
  };
}

/** Dependencies of `/metrics`, `/healthz` and `/readyz`, which the router and the dispatcher serve. */
export interface OperationsDeps extends CommonDeps {
  readonly role: 'operations';
}

/** Dependencies of all routes. */
export interface ReceiverDeps extends CommonDeps {
  readonly role: 'receiver';
  readonly config: Pick<Config, 'http'> & KnownNames;
  readonly producer: Pick<Producer, 'enqueueMany' | 'resolve' | 'acknowledge'>;
  /** Counts alerts acknowledged over HTTP. */
  readonly onAcknowledged: () => void;
  readonly webhookCounts: WebhookCounts;
  readonly histories: Histories;
  readonly lists: Lists;
  readonly now: () => Date;
  readonly receipts: ReceiptDeps;
  readonly inbound: InboundDeps;
  /** Present only where a simulated provider is configured. */
  readonly outbox?: Pick<Outbox, 'latest'> | undefined;
  /** Present only where the console is enabled. */
  readonly console?: Console | undefined;
}

export type HttpServerDeps = OperationsDeps | ReceiverDeps;

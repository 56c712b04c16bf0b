import type { StoryHistories } from '../../ledger/history/history.ts';
import type { InboundLog } from '../../ledger/inbound/kept-inbound.ts';
import type { Journal } from '../../ledger/journal/journal.ts';
import type { Overview } from '../../overview/overview.ts';
import type { UnknownResolver } from '../../pipeline/unknown/unknown-resolver.ts';
import type { DeadLetters } from '../../queue/dead-letters/dead-letters-port.ts';
import type { QueueBoard } from './queue-board.ts';

/** Dependencies of the console beyond those of every receiver. Functions that read Redis may reject, or hang, while it is down. */
export interface ConsoleDeps {
  readonly readOverview: () => Promise<Overview>;
  readonly journal: Journal;
  readonly capFilling: StoryHistories['capFilling'];
  readonly dead: Omit<DeadLetters, 'all' | 'close'>;
  readonly resolver: UnknownResolver;
  readonly inbound: Pick<InboundLog, 'newest'>;
  /** Called for each message with unknown outcome that an operator resolved, with the provider of the attempt. */
  readonly onSettled: (provider: string) => void;
  /** Recipients that the console may send to: `contact:alice`, `group:oncall`, `rotation:primary`. */
  readonly recipients: readonly string[];
  readonly board: QueueBoard;
  readonly now: () => Date;
  readonly version: string;
  /** Directory of the page's files; by default where the build writes them. */
  readonly pageDir?: string;
}

import type { StoryTraces } from '../../ledger/history/trace.ts';
import type { InboundLog } from '../../ledger/inbound/kept-inbound.ts';
import type { Journal } from '../../ledger/journal/journal.ts';
import type { Overview } from '../../overview/overview.ts';
import type { UnknownResolver } from '../../pipeline/unknown/unknown-resolver.ts';
import type { DeadLetters } from '../../queue/dead-letters/dead-letters-port.ts';
import type { QueueBoard } from './queue-board.ts';

/** What the console needs beside what every receiver does. What asks Redis may reject, or hang, while that is away. */
export interface ConsoleDeps {
  readonly readOverview: () => Promise<Overview>;
  readonly journal: Journal;
  readonly capFilling: StoryTraces['capFilling'];
  readonly dead: Omit<DeadLetters, 'all' | 'close'>;
  readonly resolver: UnknownResolver;
  readonly inbound: Pick<InboundLog, 'newest'>;
  /** Told of each unknown message that a person has settled, with the provider that may have had it. */
  readonly onSettled: (provider: string) => void;
  /** `contact:alice`, `group:oncall`, `rotation:primary`: whom the console may text. */
  readonly recipients: readonly string[];
  readonly board: QueueBoard;
  readonly now: () => Date;
  readonly version: string;
  /** Where the page's files lie; by default where the build puts them. */
  readonly pageDir?: string;
}

import type { Clock } from '../../clock.ts';
import type { Outbox } from '../simulated/outbox.ts';
import type { Templates } from '../template/template.ts';

/** What adapters are given; none of them reaches for anything else. */
export interface ProviderDeps {
  readonly clock: Clock;
  /** Of the config, for vendors that send approved templates only. */
  readonly templates: Templates;
  /** Where simulated providers keep what they "sent". */
  readonly outbox: Outbox;
  /** Called after a simulated provider has taken a text. Must not throw. */
  readonly onReceipt?: (receipt: SimulatedReceipt) => void;
}

/** What a vendor would report later about a text that it took. */
export interface SimulatedReceipt {
  readonly provider: string;
  readonly messageId: string;
  readonly providerMessageId: string;
  readonly state: 'delivered' | 'undelivered';
}

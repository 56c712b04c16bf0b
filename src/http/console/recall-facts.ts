import type { Traces } from '../../ledger/history/trace.ts';
import type { MessageEntry } from '../../ledger/journal/journal-entry.ts';
import { factsOf, type MessageFacts } from './show.ts';

/** Messages remembered; what is known of one never changes. */
const MOST = 2_000;

/** Recipient and severity of messages, each asked for once while it is remembered. `undefined`: the ledger has forgotten it. */
export function createRecallFacts(traces: Pick<Traces, 'message'>): (message: MessageEntry) => Promise<MessageFacts | undefined> {
  const known = new Map<string, MessageFacts>();
  return async ({ id }) => {
    const remembered = known.get(id);
    if (remembered !== undefined) return remembered;
    const trace = await traces.message(id);
    if (trace === undefined) return undefined;
    const facts = factsOf(trace);
    for (const oldest of known.keys()) {
      if (known.size < MOST) break;
      known.delete(oldest);
    }
    known.set(id, facts);
    return facts;
  };
}

import { readAckReply } from '../alert/ack-code.ts';
import { hash } from '../alert/id.ts';
import type { Acknowledged } from '../ledger/acknowledge.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { MessageState, MessageTrace, Traces } from '../ledger/trace.ts';
import type { Observer } from '../pipeline/observer.ts';
import type { Reply } from './apply-inbound.ts';

export interface AcknowledgeReplyDeps {
  readonly ledger: Pick<Ledger, 'codes' | 'isOver'>;
  readonly traces: Traces;
  readonly acknowledge: (alertId: string, by: string, at: Date) => Promise<Pick<Acknowledged, 'kind'>>;
  readonly observer: Pick<Observer, 'acknowledged'>;
}

/** A word without a code is understood for one of so many texts at most. */
const LOOKED_BACK = 50;
/** Nobody answers what cannot have come. */
const MAY_HAVE_COME: readonly MessageState[] = ['accepted', 'delivered', 'undelivered', 'unknown'];

/**
 * Acknowledges what a reply means: every alert whose code is in it, or, when it says no more than `ok`, the one problem
 * that its phone was texted of and that is not over. What could mean two problems means none.
 */
export function createAcknowledgeByReply({ ledger, traces, acknowledge, observer }: AcknowledgeReplyDeps) {
  const { codes, isOver } = ledger;
  const traced = async (id: string | undefined) => (id === undefined ? undefined : traces.message(id));

  const meantByCode = async (phoneHash: string, said: readonly string[]): Promise<MessageTrace[]> => {
    const found = await Promise.all(said.map(async (code) => traced(await codes.find(phoneHash, code))));
    return found.filter((message) => message !== undefined);
  };

  /** The dedup key of an alert that nothing has ended. */
  const openKey = async (alertId: string): Promise<string | undefined> => {
    const alert = await traces.alert(alertId);
    if (alert === undefined || alert.dedupKey === null) return undefined;
    const over = await isOver(hash('dedup', alert.dedupKey), Date.parse(alert.receivedAt));
    return over === undefined ? alert.dedupKey : undefined;
  };

  const meantByYes = async (phoneHash: string): Promise<MessageTrace[]> => {
    const open = new Map<string, MessageTrace>();
    for (const id of await codes.newest(phoneHash, LOOKED_BACK)) {
      const message = await traced(id);
      if (message === undefined || !MAY_HAVE_COME.includes(message.state)) continue;
      const key = await openKey(message.alertId);
      if (key !== undefined && !open.has(key)) open.set(key, message);
      if (open.size > 1) return [];
    }
    return [...open.values()];
  };

  return async ({ phoneHash, text, at }: Reply): Promise<'acknowledged' | 'unmatched'> => {
    const reply = readAckReply(text);
    const meant = reply.bare ? await meantByYes(phoneHash) : await meantByCode(phoneHash, reply.codes);
    for (const { alertId, to } of meant) {
      const { kind } = await acknowledge(alertId, `reply from ${to}`, at);
      if (kind === 'acknowledged') observer.acknowledged('reply');
    }
    return meant.length > 0 ? 'acknowledged' : 'unmatched';
  };
}

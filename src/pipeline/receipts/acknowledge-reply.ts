import { readAckReply } from '../../alert/ack-code.ts';
import { dedupHash, hash } from '../../alert/id.ts';
import type { E164 } from '../../alert/phone/phone.ts';
import type { Closure } from '../../ledger/acknowledge/closure-script.ts';
import type { Histories, MessageHistory, MessageState } from '../../ledger/history/history.ts';
import type { UnmatchedReason } from '../../ledger/inbound/kept-inbound.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Observer } from '../observer.ts';
import type { ConfirmReply } from './confirm-reply.ts';

/** A reply to one of our messages. */
export interface Reply {
  /** Id of the inbound message; the same each time it is processed. */
  readonly id: string;
  readonly phoneHash: string;
  /** The sender's number, when replies are confirmed. */
  readonly to?: string;
  /** Contact with that number. */
  readonly contact: string | null;
  readonly text: string;
  readonly at: Date;
}

export interface AcknowledgeReplyDeps {
  readonly ledger: Pick<Ledger, 'codes' | 'closedBy'>;
  readonly histories: Histories;
  /** `run` identifies the caller's run, which may repeat the call. */
  readonly acknowledge: (
    alertId: string,
    by: string,
    at: Date,
    run: string,
  ) => Promise<{ readonly kind: 'acknowledged' | 'not_acknowledgeable' | 'missing' } | { readonly kind: 'over'; readonly over: Closure }>;
  /** Absent: replies are not confirmed. */
  readonly confirm?: ConfirmReply | undefined;
  readonly observer: Pick<Observer, 'acknowledged'>;
}

/** Result of a reply. */
export type Answered =
  | { readonly kind: 'acknowledged'; readonly alerts: readonly string[] }
  | { readonly kind: 'unmatched'; readonly reason: UnmatchedReason };

type Meant = readonly MessageHistory[] | UnmatchedReason;

/** Number of recent messages that a reply without a code may refer to. */
const LOOKED_BACK = 50;
/** States in which a message may have arrived, so that it can be replied to. */
const MAY_HAVE_COME: readonly MessageState[] = ['accepted', 'delivered', 'undelivered', 'unknown'];

/**
 * Acknowledges the alerts a reply refers to: all whose code it contains, or, for a plain `ok`, the only open alert sent
 * to its phone. A reply that could refer to two problems acknowledges none.
 */
export function createAcknowledgeByReply({ ledger, histories, acknowledge, confirm, observer }: AcknowledgeReplyDeps) {
  const { codes, closedBy } = ledger;
  const traced = async (id: string | undefined) => (id === undefined ? undefined : histories.message(id));

  const meantByCode = async (phoneHash: string, said: readonly string[]): Promise<Meant> => {
    const found = await Promise.all(said.map(async (code) => traced(await codes.find(phoneHash, code))));
    const meant = found.filter((message) => message !== undefined);
    if (meant.length > 0) return meant;
    return said.length === 0 ? 'no_code' : 'unknown_code';
  };

  /** Returns the dedup key of an open alert. */
  const openKey = async (alertId: string): Promise<string | undefined> => {
    const alert = await histories.alert(alertId);
    if (alert === undefined || alert.dedupKey === null) return undefined;
    const over = await closedBy(dedupHash(alert.dedupKey), Date.parse(alert.receivedAt));
    return over === undefined ? alert.dedupKey : undefined;
  };

  /** Messages of the simulator count only when nothing else is open: they reached no phone. */
  const meantByYes = async (phoneHash: string): Promise<Meant> => {
    const open = new Map<string, MessageHistory>();
    const simulated = new Map<string, MessageHistory>();
    for (const id of await codes.newest(phoneHash, LOOKED_BACK)) {
      const message = await traced(id);
      if (message === undefined || !MAY_HAVE_COME.includes(message.state)) continue;
      const key = await openKey(message.alertId);
      const found = message.simulated ? simulated : open;
      if (key !== undefined && !found.has(key)) found.set(key, message);
      if (open.size > 1) return 'ambiguous';
    }
    const meant = open.size === 0 ? simulated : open;
    if (meant.size > 1) return 'ambiguous';
    return meant.size === 0 ? 'nothing_open' : [...meant.values()];
  };

  const confirmTo = async ({ alertId, route, simulated }: MessageHistory, { to, at }: Reply, contact: string | null): Promise<void> => {
    if (confirm === undefined || to === undefined) return;
    const dedupKey = (await histories.alert(alertId))?.dedupKey ?? null;
    await confirm({ alertId, route, simulated, to: to as E164, contact, dedupKey: dedupKey?.startsWith('auto-') ? null : dedupKey, at });
  };

  return async (reply: Reply): Promise<Answered> => {
    const { phoneHash, text, at, id } = reply;
    const said = readAckReply(text);
    const meant = said.bare ? await meantByYes(phoneHash) : await meantByCode(phoneHash, said.codes);
    if (typeof meant === 'string') return { kind: 'unmatched', reason: meant };
    const alerts: string[] = [];
    for (const message of meant) {
      const { alertId, to } = message;
      const contact = reply.contact ?? message.contact;
      const by = contact === null ? `${to} (reply)` : `contact ${contact} (reply)`;
      // The same run id per inbound message: a worker that takes over after a crash continues there.
      const answer = await acknowledge(alertId, by, at, hash('reply', id, alertId));
      if (answer.kind === 'over' && answer.over === 'resolved') continue;
      alerts.push(alertId);
      if (answer.kind !== 'acknowledged') continue;
      observer.acknowledged('reply');
      await confirmTo(message, reply, contact);
    }
    return alerts.length > 0 ? { kind: 'acknowledged', alerts } : { kind: 'unmatched', reason: 'already_resolved' };
  };
}

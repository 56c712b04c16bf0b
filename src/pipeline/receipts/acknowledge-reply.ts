import { readAckReply } from '../../alert/ack-code.ts';
import { dedupHash, hash } from '../../alert/id.ts';
import type { E164 } from '../../alert/phone.ts';
import type { Closure } from '../../ledger/acknowledge/closure-script.ts';
import type { MessageState, MessageTrace, Traces } from '../../ledger/history/trace.ts';
import type { UnmatchedReason } from '../../ledger/inbound/kept-inbound.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Observer } from '../observer.ts';
import type { ConfirmReply } from './confirm-reply.ts';

/** An answer to one of our texts, as far as we know. */
export interface Reply {
  /** Of the text that came in: the same each time it is worked off. */
  readonly id: string;
  readonly phoneHash: string;
  /** The sender's whole number, where replies are confirmed. */
  readonly to?: string;
  /** Whose number it is. */
  readonly contact: string | null;
  readonly text: string;
  readonly at: Date;
}

export interface AcknowledgeReplyDeps {
  readonly ledger: Pick<Ledger, 'codes' | 'closedBy'>;
  readonly traces: Traces;
  /** `run` names the caller's run, which may say it twice. */
  readonly acknowledge: (
    alertId: string,
    by: string,
    at: Date,
    run: string,
  ) => Promise<{ readonly kind: 'acknowledged' | 'not_acknowledgeable' | 'missing' } | { readonly kind: 'over'; readonly over: Closure }>;
  /** Absent: a reply is not confirmed. */
  readonly confirm?: ConfirmReply | undefined;
  readonly observer: Pick<Observer, 'acknowledged'>;
}

/** What a reply did. */
export type Answered =
  | { readonly kind: 'acknowledged'; readonly alerts: readonly string[] }
  | { readonly kind: 'unmatched'; readonly reason: UnmatchedReason };

type Meant = readonly MessageTrace[] | UnmatchedReason;

/** A word without a code is understood for one of so many texts at most. */
const LOOKED_BACK = 50;
/** A text in any other state cannot have come, and is not answered. */
const MAY_HAVE_COME: readonly MessageState[] = ['accepted', 'delivered', 'undelivered', 'unknown'];

/**
 * Acknowledges what a reply means: every alert whose code is in it, or, when it says no more than `ok`, the one problem
 * that its phone was texted of and that is not over. What could mean two problems means none.
 */
export function createAcknowledgeByReply({ ledger, traces, acknowledge, confirm, observer }: AcknowledgeReplyDeps) {
  const { codes, closedBy } = ledger;
  const traced = async (id: string | undefined) => (id === undefined ? undefined : traces.message(id));

  const meantByCode = async (phoneHash: string, said: readonly string[]): Promise<Meant> => {
    const found = await Promise.all(said.map(async (code) => traced(await codes.find(phoneHash, code))));
    const meant = found.filter((message) => message !== undefined);
    if (meant.length > 0) return meant;
    return said.length === 0 ? 'no_code' : 'unknown_code';
  };

  /** The dedup key of an alert that nothing has ended. */
  const openKey = async (alertId: string): Promise<string | undefined> => {
    const alert = await traces.alert(alertId);
    if (alert === undefined || alert.dedupKey === null) return undefined;
    const over = await closedBy(dedupHash(alert.dedupKey), Date.parse(alert.receivedAt));
    return over === undefined ? alert.dedupKey : undefined;
  };

  /** What the simulator took is meant only where nothing else is open: its text came to no phone. */
  const meantByYes = async (phoneHash: string): Promise<Meant> => {
    const open = new Map<string, MessageTrace>();
    const simulated = new Map<string, MessageTrace>();
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

  const confirmTo = async ({ alertId, route, simulated }: MessageTrace, { to, at }: Reply, contact: string | null): Promise<void> => {
    if (confirm === undefined || to === undefined) return;
    const dedupKey = (await traces.alert(alertId))?.dedupKey ?? null;
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
      // The same run for the same text: a worker that takes over from one that crashed goes on where that one stopped.
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

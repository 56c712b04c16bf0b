import type { ProviderReason } from '../../alert/reason.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { wordsOf } from '../../redis/lua-source.ts';
import { MESSAGE_STATES, type MessageState, type TraceAttempt } from '../history/trace.ts';
import { tellLua } from '../journal/journal.ts';
import { indexEndedLua } from '../lists/ended.ts';
import { releaseClaimLua } from '../lua/parts.ts';

/**
 * Settles an unknown message by what a person or the vendor says of it: sent, then it is accepted through the provider of
 * its newest doubtful attempt; or never sent, then it has failed, all its doubtful attempts count as refused, and its
 * dedupe claim goes. Repeated by the same run it answers the same.
 * `isResent`: it is to be kept for a resend.
 */
export const settleUnknownScript = defineScript(new URL('settle-unknown.lua', import.meta.url), {
  keys: ['message', 'claims', 'unknown', 'kept', 'acknowledged', 'journal', 'failed'],
  args: {
    run: 'string',
    messageId: 'string',
    alertId: 'string',
    isSent: 'flag',
    isResent: 'flag',
    at: 'string',
    event: 'string',
    journalLine: 'string',
  },
  reply: { settled: {}, missing: {}, ended: { state: MESSAGE_STATES } },
  constants: {
    STATE: wordsOf<MessageState>('unknown', 'accepted', 'failed'),
    REASON: wordsOf<ProviderReason>('unknown_outcome'),
    RESULT: wordsOf<NonNullable<TraceAttempt['result'] | TraceAttempt['resolution']>>(
      'unknown',
      'accepted',
      'refused',
      'confirmed_sent',
      'confirmed_not_sent',
    ),
  },
  includes: [releaseClaimLua, tellLua, indexEndedLua],
});

/** Forgets what was kept of a message that is no longer unknown. */
export const forgetKeptScript = defineScript(new URL('forget-kept.lua', import.meta.url), {
  keys: ['message', 'unknown', 'kept'],
  args: { messageId: 'string' },
  reply: noReply,
  constants: { STATE: wordsOf<MessageState>('unknown') },
});

import { defineScript } from '../../redis/define-script.ts';
import { setOf, wordsOf } from '../../redis/lua-source.ts';
import { IN_FLIGHT, type MessageState } from '../history/history.ts';

/** As long as the alert of such a message may take until it is routed again, and longer. */
const LOST_SENDS_TTL_MS = 3_600_000;

/**
 * Compares a request to a provider, which the ledger confirmed, with what it holds after a failover. Where its message is missing
 * too, `sent` (a line) is kept for the next run that wants to send it. A request that is under way is opened again.
 * Answers what was done and the number of the attempt, which is another one where its own was taken meanwhile. `move`: how it
 * ended is missing.
 */
export const restoreScript = defineScript(new URL('restore.lua', import.meta.url), {
  keys: ['message', 'lostSends'],
  args: {
    messageId: 'string',
    token: 'string',
    number: 'number',
    startedAt: 'string',
    record: 'string',
    leaseUntil: 'number',
    hasEnded: 'flag',
    sent: 'string',
    restoredEvent: 'string',
    doubledEvent: 'string',
  },
  reply: { there: { number: 'number' }, kept: { number: 'number' }, opened: { number: 'number' }, move: { number: 'number' } },
  constants: { LOST_SENDS_TTL_MS, IN_FLIGHT: setOf(IN_FLIGHT), STATE: wordsOf<MessageState>('sending') },
});

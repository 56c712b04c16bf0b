import { defineScript } from '../../redis/define-script.ts';
import { setOf, wordsOf } from '../../redis/lua-source.ts';
import { IN_FLIGHT, type MessageState } from '../history/history.ts';

/** Retention of lost requests: longer than the alert of such a message may take to be routed again. */
const LOST_SENDS_TTL_MS = 3_600_000;

/**
 * Compares a request that the ledger had confirmed with what Redis holds after a failover. If its message is missing
 * too, `sent` (a line) is kept for the next run that wants to send it. A request in flight is opened again. Returns
 * what was done and the number of the attempt, which differs if its own was taken meanwhile. `move`: the missing end of
 * the attempt.
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

import { defineScript } from '../../redis/define-script.ts';
import { RESOLVED_TTL_MS } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import { writeEntryLua } from '../journal/journal.ts';

/** What ends an alert before its message is sent: its problem is resolved, or a person acknowledged it. */
export type Closure = 'resolved' | 'acknowledged';

/** Lua function `closedBy()`. Needs `keys.resolved`, `keys.acknowledged` and `args.receivedAt`. */
export const closedByLua = luaPart(new URL('closed-by.lua', import.meta.url));

export const readClosureScript = defineScript(new URL('read-closure.lua', import.meta.url), {
  keys: ['resolved', 'acknowledged'],
  args: { receivedAt: 'number' },
  reply: ['open', 'resolved', 'acknowledged'],
  includes: [closedByLua],
});

/**
 * Marks a dedup key as acknowledged. Its claim stays, so that repeats remain duplicates. Returns the ids of messages
 * that have no outcome yet, or the closure that ended the alert before. `receivedAt` is the alert's.
 */
export const acknowledgeScript = defineScript(new URL('acknowledge.lua', import.meta.url), {
  keys: ['alert', 'resolved', 'acknowledged', 'open', 'journal'],
  args: { receivedAt: 'number', at: 'number', run: 'string', by: 'string', event: 'string', journalLine: 'string' },
  reply: { acknowledged: { open: 'strings' }, over: { over: ['resolved', 'acknowledged'] } },
  constants: { RESOLVED_TTL_MS },
  includes: [closedByLua, writeEntryLua],
});

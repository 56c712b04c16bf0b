import { defineScript, noReply, stringList } from '../../redis/define-script.ts';
import { DIGEST_TTL_MS } from '../../redis/keys.ts';
import { luaPart, setOf } from '../../redis/lua-source.ts';
import { IN_FLIGHT, MESSAGE_STATES } from '../history/history.ts';
import { releaseClaimLua } from '../lua/shared/parts.ts';

/**
 * Atomic steps of a digest. A phone has one gathering digest; when it closes, its hash becomes the content of that
 * digest and no longer changes. A message's own ledger entry names its digest, so that gathering it a second time adds
 * nothing, at any later time and into any digest. Times are the caller's, in ms.
 */

/** Lines kept per severity, newest first; further ones are only counted. A digest of at most this many alerts has a line for each. */
export const LINES = 200;

/** Number of held-back alerts from which on it is called a storm. */
export const STORM_MIN = 10;

/** Placeholder in an event for the id of the digest that a message moves to. */
export const DIGEST_ID = '{digest}';

/** Lua function `addLine(severity, line)`. Needs `keys.gathering`. */
const addLineLua = luaPart(new URL('add-line.lua', import.meta.url), { constants: { LINES } });
/** Lua function `openDigest()`. Needs `keys.gathering` and `args.newId`. */
const openDigestLua = luaPart(new URL('open-digest.lua', import.meta.url));

/**
 * Adds a message to the gathering digest. `line` and `as` (the message as which the digest would be sent) are JSON.
 * `quietMs`: silence that ends a storm. `needsJob`: the digest has no job yet; `isNews`: its job should check again.
 */
export const gatherScript = defineScript(new URL('gather.lua', import.meta.url), {
  keys: ['message', 'gathering', 'storm'],
  args: {
    newId: 'string',
    severity: 'string',
    rank: 'number',
    now: 'number',
    line: 'string',
    as: 'string',
    isStorm: 'flag',
    quietMs: 'number',
  },
  reply: {
    gathered: { digestId: 'string', needsJob: 'flag', isNews: 'flag' },
    ended: { state: MESSAGE_STATES },
    unresolved: {},
    missing: {},
  },
  constants: { DIGEST_TTL_MS, IN_FLIGHT: setOf(IN_FLIGHT) },
  includes: [addLineLua, openDigestLua],
});

/** Records that the digest has its job. */
export const markScript = defineScript(new URL('mark.lua', import.meta.url), {
  keys: ['gathering'],
  args: { digestId: 'string' },
  reply: noReply,
});

/**
 * Closes the gathering digest; later messages go into the next one. During a storm the next one is opened immediately,
 * although it is empty: it reports the end of the storm. `rank` and `as` are those of the message that found a free
 * slot. Returns all fields of the content, or none if the digest does not exist.
 */
export const closeScript = defineScript(new URL('close.lua', import.meta.url), {
  keys: ['gathering', 'content', 'storm'],
  args: { digestId: 'string', nextId: 'string', now: 'number', quietMs: 'number', rank: 'number', as: 'string' },
  reply: stringList,
  constants: { DIGEST_TTL_MS, STORM_MIN },
});

/**
 * Records the content of a closed digest, once, and moves what did not fit into the gathering digest, which is opened
 * if there is none. `as`, `rank`, `firstAt` belong to what moves. `keys.messages` has the order of `args.left`. Returns
 * the recorded text and the other digest; `needsJob`: that one has no job yet.
 */
export const writeScript = defineScript(new URL('write.lua', import.meta.url), {
  keys: ['content', 'gathering', '...messages'],
  args: {
    text: 'string',
    newId: 'string',
    as: 'string',
    rank: 'number',
    firstAt: 'number',
    event: 'string',
    left: [{ field: 'string', severity: 'string', line: 'string' }],
  },
  reply: { written: { text: 'string', next: 'string?', needsJob: 'flag' } },
  constants: { DIGEST_TTL_MS, DIGEST_ID },
  includes: [addLineLua, openDigestLua],
});

/** Releases the claim that an alert in a digest holds for its phone, after the digest was not sent. */
export const releaseUnreachedScript = defineScript(new URL('release-unreached.lua', import.meta.url), {
  keys: ['message', 'claims', 'acknowledged'],
  args: { digestId: 'string', alertId: 'string' },
  reply: noReply,
  includes: [releaseClaimLua],
});

/** Ends the digest. `isKept`: its content is kept. */
export const endScript = defineScript(new URL('end.lua', import.meta.url), {
  keys: ['gathering', 'content'],
  args: { digestId: 'string', isKept: 'flag' },
  reply: noReply,
});

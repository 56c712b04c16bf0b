import { defineScript, noReply, stringList } from '../../redis/define-script.ts';
import { DIGEST_TTL_MS } from '../../redis/keys.ts';
import { luaPart, setOf } from '../../redis/lua-source.ts';
import { IN_FLIGHT, MESSAGE_STATES } from '../history/history.ts';
import { releaseClaimLua } from '../lua/shared/parts.ts';

/**
 * The atomic steps of a digest. A phone has one that gathers; closed, its hash becomes the content of that digest and
 * never changes again. Which digest a message is in stands in the message's own ledger entry, so that gathering it twice
 * adds nothing, however long ago and into whichever digest it was the first time. Times are those of the caller, in ms.
 */

/** The newest lines of each severity that are kept; the rest is counted. A digest of so many alerts or fewer has a line for each. */
export const LINES = 200;

/** From so many held back on it is called a storm. */
export const STORM_MIN = 10;

/** Stands in an event for the id of the digest that a message moves to. */
export const DIGEST_ID = '{digest}';

/** Lua function `addLine(severity, line)`. Needs `keys.gathering`. */
const addLineLua = luaPart(new URL('add-line.lua', import.meta.url), { constants: { LINES } });
/** Lua function `openDigest()`. Needs `keys.gathering` and `args.newId`. */
const openDigestLua = luaPart(new URL('open-digest.lua', import.meta.url));

/**
 * `line`, `as` (the message as the digest would be sent): JSON. `quietMs`: of silence that end a storm.
 * `needsJob`: the digest has no job yet; `isNews`: its job should look again.
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
    doubtful: {},
    missing: {},
  },
  constants: { DIGEST_TTL_MS, IN_FLIGHT: setOf(IN_FLIGHT) },
  includes: [addLineLua, openDigestLua],
});

/** The digest has its job. */
export const markScript = defineScript(new URL('mark.lua', import.meta.url), {
  keys: ['gathering'],
  args: { digestId: 'string' },
  reply: noReply,
});

/**
 * Ends the gathering: what comes from now on goes into the next digest. In a storm that next one is opened immediately,
 * though nothing is in it: it says when the storm is over. `rank`, `as`: as what it found room.
 * Answers with all fields of the content, none when there is nothing of that digest.
 */
export const closeScript = defineScript(new URL('close.lua', import.meta.url), {
  keys: ['gathering', 'content', 'storm'],
  args: { digestId: 'string', nextId: 'string', now: 'number', quietMs: 'number', rank: 'number', as: 'string' },
  reply: stringList,
  constants: { DIGEST_TTL_MS, STORM_MIN },
});

/**
 * Records what a closed digest says, once, and moves what has no room in it into the digest that gathers now, which is
 * opened if there is none. `as`, `rank`, `firstAt`: of what moves. `keys.messages` has the order of `args.left`.
 * Answers with the text that holds and the other digest; `needsJob`: that one has no job yet.
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

/** Releases the claim that an alert in a digest holds for its phone, because the digest was not sent. */
export const releaseUnreachedScript = defineScript(new URL('release-unreached.lua', import.meta.url), {
  keys: ['message', 'claims', 'acknowledged'],
  args: { digestId: 'string', alertId: 'string' },
  reply: noReply,
  includes: [releaseClaimLua],
});

/** The digest has ended: nothing more goes into it. `isKept`: what it says is kept. */
export const endScript = defineScript(new URL('end.lua', import.meta.url), {
  keys: ['gathering', 'content'],
  args: { digestId: 'string', isKept: 'flag' },
  reply: noReply,
});

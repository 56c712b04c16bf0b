import { nowLua } from '../../../redis/clock/redis-clock.ts';
import { LEDGER_TTL_MS, MISSED_TTL_MS } from '../../../redis/keys.ts';
import { luaPart } from '../../../redis/lua-source.ts';
import { EVENTS_LENGTH } from '../../records.ts';

/** Number of claims from which on a dedup key is cleaned: each admission then checks a few at random and removes the expired ones. */
const SWEPT_FROM = 64;

/**
 * Lua function `claimHolder(claim, now)`. The claims of a dedup key are a hash: the field of a phone, lane or channel
 * contains `severity rank, received at, expires at, alert id`. Needs `keys.claims` and `args.alertId`.
 */
export const claimHolderLua = luaPart(new URL('claim-holder.lua', import.meta.url));
/** Lua function `takeClaims(claims, now)`. Needs `keys.claims` and `args` `alertId`, `rank`, `receivedAt`, `dedupeMs`. */
export const takeClaimsLua = luaPart(new URL('take-claims.lua', import.meta.url), { constants: { SWEPT_FROM } });
/** Lua function `releaseClaim()`. Needs `keys` `message`, `claims`, `acknowledged`, and `args.alertId`. */
export const releaseClaimLua = luaPart(new URL('release-claim.lua', import.meta.url));

/** Contents remembered for one alert id; beyond that, a content that was already counted may count again. */
const CONTENTS = 16;
/** Lua function `otherContent()`. Needs `keys.alert` and `args` `content`, `otherContentEvent`. */
export const otherContentLua = luaPart(new URL('other-content.lua', import.meta.url), { constants: { CONTENTS, EVENTS_LENGTH } });

/** Lua functions `hold(messageId)` and `unhold(messageId)`, for the list of criticals that wait. Needs `keys.heldCriticals`. */
export const holdLua = luaPart(new URL('hold.lua', import.meta.url), { constants: { LEDGER_TTL_MS }, includes: [nowLua] });
/** Lua function `miss(member)`, for the list of criticals that were missed. Needs `keys.missedCriticals`. */
export const missLua = luaPart(new URL('miss.lua', import.meta.url), { constants: { MISSED_TTL_MS }, includes: [nowLua] });

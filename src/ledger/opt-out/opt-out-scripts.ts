import { defineScript } from '../../redis/define-script.ts';
import { OPTED_IN_TTL_MS } from '../../redis/keys.ts';

/**
 * STOP and START may be worked off in another order than they came in, and a refusal is as old as the request that brought
 * it: the newest word wins, whenever it is told, and of two as new the one that texts nobody. An entry is
 * `last said at, space, card`; the card is the first one's.
 */

export const optOutScript = defineScript(new URL('opt-out.lua', import.meta.url), {
  keys: ['optOuts', 'optedIn'],
  args: { phoneHash: 'string', at: 'number', card: 'string' },
  reply: ['opted_out', 'opted_in'],
});

export const optInScript = defineScript(new URL('opt-in.lua', import.meta.url), {
  keys: ['optOuts', 'optedIn'],
  args: { phoneHash: 'string', at: 'number' },
  reply: ['opted_out', 'opted_in'],
  constants: { OPTED_IN_TTL_MS },
});

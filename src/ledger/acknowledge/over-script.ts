import { createScript } from '../../redis/script.ts';
import { tells } from '../journal/journal.ts';

/** What ends an alert before its text is sent: its problem is gone, or somebody has taken care. */
export type Over = 'resolved' | 'acknowledged';

/**
 * Lua function `over()`: whether the dedup key of an alert was resolved, or else acknowledged, after the alert was
 * received; and by whom. The arguments are Lua: two keys and a time in ms. An acknowledgement is `at, run token, by whom`.
 */
export function overSince({ resolved, acknowledged, receivedAt }: { resolved: string; acknowledged: string; receivedAt: string }): string {
  return `
local function over()
  local at = redis.call('GET', ${resolved})
  if at and tonumber(at) > tonumber(${receivedAt}) then return 'resolved' end
  local at, by = string.match(redis.call('GET', ${acknowledged}) or '', '^(%d+) %S+ (.*)$')
  if at and tonumber(at) > tonumber(${receivedAt}) then return 'acknowledged', by end
end
`;
}

/** KEYS resolved, acknowledged. ARGV received at ms. */
export const isOverScript = createScript<Over | null>(`
${overSince({ resolved: 'KEYS[1]', acknowledged: 'KEYS[2]', receivedAt: 'ARGV[1]' })}
return (over())
`);

/**
 * Marks a dedup key acknowledged. Its claim stays, so that repeats stay duplicates. KEYS alert, resolved, acknowledged,
 * open set, journal. ARGV received at ms of the alert, at ms, run token, by whom, ttl ms, event lines for the alert, journal line.
 * Answers the ids of messages that have no outcome yet, or what ended the alert before.
 */
export const acknowledgeScript = createScript<['acknowledged', string[]] | ['before', Over]>(`
${overSince({ resolved: 'KEYS[2]', acknowledged: 'KEYS[3]', receivedAt: 'ARGV[1]' })}
${tells('KEYS[5]')}
local mine = string.match(redis.call('GET', KEYS[3]) or '', '^%d+ (%S+)') == ARGV[3]
local before = over()
if before and not mine then return {'before', before} end
if not mine then
  redis.call('SET', KEYS[3], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4], 'PX', ARGV[5])
  local lines = redis.call('HGET', KEYS[1], 'events')
  if lines then redis.call('HSET', KEYS[1], 'events', lines .. ARGV[6]) end
  tell('alert', ARGV[7])
end
return {'acknowledged', redis.call('SMEMBERS', KEYS[4])}
`);

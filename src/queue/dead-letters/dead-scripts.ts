import { createScript } from '../../redis/script.ts';

/**
 * Makes a dead job ready to run again, where it lies: if nothing else follows, it is as dead as before. BullMQ itself
 * can neither rename a job nor forget its stalls.
 * KEYS failed set, job. ARGV id, data as it was read, data, name, timestamp ms ('' to keep it). 0 when it was not dead any
 * more, or not the same.
 */
export const prepareScript = createScript<0 | 1>(`
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
if (redis.call('HGET', KEYS[2], 'data') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], 'data', ARGV[3], 'name', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'timestamp', ARGV[5]) end
redis.call('HDEL', KEYS[2], 'stc')
return 1
`);

/**
 * Removes a job if it is dead. BullMQ's own removal takes it out of any state, and so might lose one that is being
 * replayed. KEYS failed set, job. ARGV id. 1 when it was there.
 */
export const discardScript = createScript<0 | 1>(`
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[2], KEYS[2] .. ':logs')
return 1
`);

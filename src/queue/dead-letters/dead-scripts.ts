import { defineScript } from '../../redis/define-script.ts';

/**
 * Makes a dead job ready to run again, where it lies: if nothing else follows, it is as dead as before. BullMQ itself
 * can neither rename a job nor forget its stalls. `dataBefore`: as it was read; `timestamp`: ms, `undefined` keeps it.
 * `gone`: it was no longer dead, or not the same.
 */
export const prepareReplayScript = defineScript(new URL('prepare-replay.lua', import.meta.url), {
  keys: ['failed', 'job'],
  args: { jobId: 'string', dataBefore: 'string', data: 'string', name: 'string', timestamp: 'number?' },
  reply: ['prepared', 'gone'],
});

/**
 * Removes a job if it is dead. BullMQ's own removal takes it out of any state, and so might lose one that is being
 * replayed.
 */
export const discardScript = defineScript(new URL('discard.lua', import.meta.url), {
  keys: ['failed', 'job'],
  args: { jobId: 'string' },
  reply: ['discarded', 'gone'],
});

import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import type { Clock } from '../../clock.ts';

/**
 * Where BullMQ 6.7 passes `Date.now()` to its scripts: name of the script → place among its keys and arguments. By it jobs are
 * promoted, delayed, and get their times; in stock BullMQ a process whose clock is an hour ahead promotes what is due in an hour.
 */
const NOW_AT: Readonly<Record<string, number>> = {
  moveToActive: 12,
  moveToFinished: 15,
  moveToDelayed: 12,
  moveStalledJobsToWait: 11,
  retryJob: 12,
};

/** Makes BullMQ use this clock instead of the process's wall clock. */
export function backendBy(clock: Clock): BackendFactory<RedisQueueBackend> {
  return (name, opts, options) => {
    const backend = createRedisBackend(name, opts, options);
    const execute = backend.execCommand.bind(backend);
    backend.execCommand = (client, command, args: unknown[]) => {
      setTime(clock, command, args);
      return execute(client, command, args);
    };
    return backend;
  };
}

export function setTime(clock: Clock, command: string, args: unknown[]): void {
  const at = NOW_AT[command];
  if (at !== undefined) args[at] = clock.now().getTime();
}

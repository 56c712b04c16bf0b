import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../logger.ts';
import type { SendingSetup } from '../overview/lanes.ts';
import { createProcesses, type ProcessNote } from '../overview/processes.ts';
import { type RedisClock, SKEW_MS } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { type Keys, PROCESS_TTL_MS } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import { type Cleanup, lastWrite } from './role-context.ts';

export interface ProcessAnnouncer {
  /** Publishes the note now. */
  repeat(): void;
  configActivated(hash: string): void;
  configRejected(at: Date): void;
}

export interface AnnounceDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly role: string;
  readonly hash: string;
  /** Providers and routes of the active configuration; `undefined` where this process sends nothing. */
  readonly sends: () => SendingSetup | undefined;
  /** Queues whose workers in this process no longer fetch jobs. */
  readonly stuck: () => readonly string[];
  /** Permissions that Redis denies to this process. */
  readonly refused: () => readonly string[];
  readonly clock: Pick<RedisClock, 'skewMs' | 'lastJump'>;
  readonly logger: Logger;
}

/** Publishes which configuration this process uses, and repeats it while it runs, so that `status` can show it from any machine. */
export function announceProcess(
  { redis, keys, role, hash, sends, stuck, refused, clock, logger }: AnnounceDeps,
  cleanups: Cleanup[],
): ProcessAnnouncer {
  const processes = createProcesses(redis, keys, randomUUID());
  const noteOf = (current: string): ProcessNote => {
    const sending = sends();
    return { role, host: hostname(), hash: current, refusedAt: null, capNames: 'current', ...(sending && { sends: sending }) };
  };
  let note = noteOf(hash);
  const publish = () => {
    processes
      .publish({
        ...note,
        ...(stuck().length > 0 && { stuck: stuck() }),
        ...(refused().length > 0 && { refused: refused() }),
        ...clockNote(clock),
      })
      .catch((error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'failed to publish the process record'));
  };
  publish();
  const repeating = setInterval(publish, PROCESS_TTL_MS / 3);
  repeating.unref();
  cleanups.push(async () => {
    clearInterval(repeating);
    await lastWrite(processes.forget());
  });
  return {
    repeat: publish,
    configActivated(next) {
      note = noteOf(next);
      publish();
    },
    configRejected(at) {
      note = { ...note, refusedAt: at.toISOString() };
      publish();
    },
  };
}

/** Clock faults as this process sees them. */
function clockNote(clock: AnnounceDeps['clock']): Pick<ProcessNote, 'clockSkewMs' | 'redisClockJump'> {
  const skew = clock.skewMs() ?? 0;
  const jump = clock.lastJump();
  return {
    ...(Math.abs(skew) > SKEW_MS && { clockSkewMs: Math.round(skew) }),
    ...(jump && { redisClockJump: { byMs: jump.byMs, at: jump.at.toISOString() } }),
  };
}

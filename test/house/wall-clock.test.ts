import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, it } from 'vitest';

/** Files that may read the wall clock of the process, and what for. Whatever else decides by time goes by the clock of Redis. */
const MAY: Readonly<Record<string, string>> = {
  'src/clock.ts': 'the system clock itself',
  'src/redis/clock/redis-clock.ts': 'compares it with the clock of Redis; the fallback until Redis has answered',
  'src/redis/fitness/inspect.ts': 'doctor says how far it is off',
  'src/embedded/unpack-redis.ts': 'ages of files on this machine',
  'src/logger.ts': 'log lines bear the time of the machine',
  'src/log-output.ts': 'a log line',
  'src/metrics/metrics.ts': 'metrics without a clock, as in tests',
  'src/console/parts/clock.tsx': 'the browser shows how long ago something was',
  'workers/watchdog-thread.ts': 'a log line',
  'workers/open-provider.ts': 'checks of a provider, which need no Redis',
  'workers/sms-dispatch.ts': 'commands that have no connection',
};

const WALL_CLOCK = /\bDate\.now\b|\bnew Date\(\)|\bsystemClock\b|\bDateTime\.(?:now|local|utc)\(\)/;
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

it('only files that do not decide by it read the wall clock', () => {
  const files = ['src', 'workers'].flatMap((top) =>
    readdirSync(top, { recursive: true, encoding: 'utf8' }).map((path) => posix.join(top, path)),
  );
  const readers = files
    .filter((path) => /\.tsx?$/.test(path))
    .filter((path) => WALL_CLOCK.test(readFileSync(path, 'utf8').replace(COMMENTS, '')));
  expect(readers.toSorted()).toEqual(Object.keys(MAY).toSorted());
});

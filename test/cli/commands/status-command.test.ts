import { describe, expect, test } from 'vitest';
import type { OpenOverview } from '../../../src/cli/cli-deps.ts';
import type { Screen } from '../../../src/cli/terminal/terminal-screen.ts';
import { watchOverview } from '../../../src/cli/terminal/watch-overview.ts';
import type { Overview } from '../../../src/overview/overview.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { until } from '../../support/until.ts';
import { downOf, laneOf, overviewOf, providerOf, queueOf } from '../overviews.ts';
import { type } from '../recording-deps.ts';

const away = (): never => {
  throw new RedisUnavailableError(new Error('connect ECONNREFUSED 10.0.0.5:6379'));
};

describe('one look', () => {
  test('shows the state, exits 0 and closes its connection to Redis', async () => {
    const { code, stdout, stderr, calls } = await type(['status']);
    expect(stdout).toMatch(/^✓ OK: /);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(calls.map(([name]) => name)).toEqual(['loadConfig', 'read overview', 'close overview']);
  });

  test.each<[string, Partial<Overview>, number]>([
    ['when no text goes out', { workers: { routers: 1, dispatchers: 0 } }, 1],
    ['not for what merely wants a look', { dead: 3 }, 0],
    ['when the only provider of a route is down, an idle one beside it', { providers: [downOf('twilio-main'), providerOf('spare')] }, 1],
    [
      'not while the second provider of the route works',
      { providers: [downOf('twilio-main'), providerOf('sns')], routes: [laneOf('default', ['twilio-main', 'sns'])] },
      0,
    ],
    ['when the queue of messages is paused', { queues: [queueOf('sms-messages', { paused: true })] }, 1],
  ])('exit code 1 %s', async (_when, facts, exit) => {
    expect((await type(['status', '--once'], { overview: () => facts })).code).toBe(exit);
    expect((await type(['status', '--json'], { overview: () => facts })).code).toBe(exit);
  });

  test('--json gives the verdict and every figure', async () => {
    const { stdout } = await type(['status', '--json'], { overview: () => ({ dead: 3 }) });
    expect(JSON.parse(stdout)).toMatchObject({
      ...overviewOf({ dead: 3 }),
      health: {
        level: 'warning',
        findings: [{ level: 'warning', kind: 'dead_letters', text: '3 dead letters need an operator.', command: 'sms-dispatch dead list' }],
      },
    });
  });

  test('an unreachable Redis is a failure with a hint', async () => {
    const { code, stdout, stderr } = await type(['status'], { overview: away });
    expect(stderr).toMatch(/^error: Redis is not available: .*\nTried 10\.0\.0\.5:6379\. Is `npm start`/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('the hint for a frozen Redis does not suggest starting one', async () => {
    const frozen = (): never => {
      throw new RedisUnavailableError(new Error('Command timed out'));
    };
    const { stderr } = await type(['status'], { overview: frozen });
    expect(stderr).toMatch(/\nTried 10\.0\.0\.5:6379\. It does not answer: check whether its process is stopped /);
  });
});

/** A terminal that remembers what was shown last. */
function screenOf() {
  const leaving = new AbortController();
  const redraws: (() => void)[] = [];
  const seen = { shown: '', closed: 0 };
  const size = { columns: 80, rows: 24 };
  const screen: Screen = {
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    show: (text) => {
      seen.shown = text;
    },
    left: leaving.signal,
    onResize: (redraw) => void redraws.push(redraw),
    close: () => {
      seen.closed += 1;
    },
  };
  const resize = (columns: number, rows: number) => {
    Object.assign(size, { columns, rows });
    for (const redraw of redraws) redraw();
  };
  return { screen, seen, resize, leave: () => leaving.abort() };
}

describe('the live view', () => {
  test('stays on a terminal until the user leaves, exit 0 in any state; --once and --json do without it', async () => {
    const { screen, seen, leave } = screenOf();
    const watching = type(['status'], { screen, overview: () => ({ workers: { routers: 0, dispatchers: 0 } }) });
    await until(() => seen.shown.startsWith('✗ No router'));
    leave();
    expect(await watching).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(seen.closed).toBe(1);
    for (const flag of ['--once', '--json']) expect((await type(['status', flag], { screen })).stdout).not.toBe('');
    expect(seen.closed).toBe(1);
  });

  test('follows the size of the terminal without another look', async () => {
    const { screen, seen, resize, leave } = screenOf();
    const open = async (): Promise<OpenOverview> => ({ read: async () => overviewOf(), close: async () => undefined });
    const watching = watchOverview({ screen, open, colour: false, everyMs: 3_600_000 });
    await until(() => seen.shown.includes('PROVIDER'));
    resize(30, 8);
    const lines = seen.shown.split('\n');
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toBe('q: quit');
    expect(lines.filter((line) => line.length > 30)).toEqual([]);
    leave();
    await watching;
  });

  test('reports an unreachable Redis, keeps the last figures, and continues with a new connection after recovery', async () => {
    const { screen, seen, leave } = screenOf();
    let isAway = false;
    const counts = { opened: 0, closed: 0 };
    const open = async (): Promise<OpenOverview> => {
      counts.opened += 1;
      return {
        read: async () => (isAway ? away() : overviewOf()),
        close: async () => {
          counts.closed += 1;
        },
      };
    };
    const watching = watchOverview({ screen, open, colour: false, everyMs: 5 });
    await until(() => seen.shown.startsWith('✓ OK'));
    expect(counts.opened).toBe(1);
    isAway = true;
    await until(() => /^✗ Redis is not available: .*; retrying\nThe figures below are outdated\.\n\n✓ OK/.test(seen.shown));
    isAway = false;
    await until(() => seen.shown.startsWith('✓ OK'));
    leave();
    await watching;
    expect(counts.opened).toBeGreaterThan(1);
    expect(counts.closed).toBe(counts.opened);
  });

  test('ends immediately although Redis hangs, and restores the terminal after an error', async () => {
    const hanging = screenOf();
    const never = new Promise<never>(() => undefined);
    const watching = watchOverview({ screen: hanging.screen, open: () => never, colour: false });
    hanging.leave();
    await watching;
    expect(hanging.seen.closed).toBe(1);

    const broken = screenOf();
    const bug = async () => {
      throw new TypeError('a bug');
    };
    await expect(watchOverview({ screen: broken.screen, open: bug, colour: false })).rejects.toThrow('a bug');
    expect(broken.seen.closed).toBe(1);
  });
});

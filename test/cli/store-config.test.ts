import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/fault.ts';
import { alertHistory } from '../support/fixtures/history.ts';
import { type } from './recording-deps.ts';

const ONE = new ConfigError([{ path: 'routes[0].providers[0]', file: 'config.yaml', line: 3, message: 'no provider named "twillio"' }]);
const TWO = new ConfigError([...ONE.faults, { path: 'caps', file: 'config.yaml', line: 9, message: 'unknown key' }]);
const refusing = (error: ConfigError) => ({
  loadConfig: () => {
    throw error;
  },
  alerts: [alertHistory()],
});

describe('a command that needs no more than Redis', () => {
  test.each([
    [['explain', 'a-1']],
    [['status', '--once']],
    [['dead', 'list']],
    [['dead', 'show', 'm-1']],
    [['dead', 'replay', '--all']],
    [['dead', 'discard', '--all', '--yes']],
    [['unknown', 'list']],
    [['unknown', 'resolve', 'm-1', '--sent']],
    [['optouts', 'list']],
    [['optouts', 'add', '+60123456789']],
    [['optouts', 'remove', '+60123456789']],
    [['ack', 'a-1']],
    [['resolve', 'k']],
    [['budget']],
  ])('goes on while the file has a fault: %j', async (argv) => {
    const ran = await type(argv, refusing(ONE));
    const [first, ...rest] = ran.stderr.split('\n');
    expect(first).toBe(
      'warning: config.yaml:3 routes[0].providers[0]: no provider named "twillio"; using Redis 10.0.0.5:6379, prefix {sms}',
    );
    expect(rest.join('\n')).not.toContain('twillio');
    expect(ran.calls.map(([name]) => name)).toContain('readable config');
    expect(ran.stderr).not.toContain('unexpected');
  });

  test('reports the number of several faults in one line', async () => {
    const { stderr } = await type(['explain', 'a-1'], refusing(TWO));
    expect(stderr).toBe(
      'warning: config.yaml: the config has 2 faults (sms-dispatch config check lists them); using Redis 10.0.0.5:6379, prefix {sms}\n',
    );
  });

  test('prints nothing about a config without faults', async () => {
    expect((await type(['explain', 'a-1'], { alerts: [alertHistory()] })).stderr).toBe('');
  });

  test('does not take another Redis for the one that it cannot read', async () => {
    const ran = await type(['resolve', 'k'], { ...refusing(ONE), redisIsKnown: false });
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('no provider named "twillio"') });
    expect(ran.calls.map(([name]) => name)).not.toContain('resolve');
  });

  test('takes the Redis and the prefix that it is given, and shows no password', async () => {
    const argv = ['resolve', 'k', '--redis', 'redis://:hunter2@10.9.9.9:6380', '--prefix', '{other}'];
    const ran = await type(argv, { ...refusing(ONE), redisIsKnown: false });
    expect(ran.calls).toContainEqual(['on', 'redis://:hunter2@10.9.9.9:6380', '{other}']);
    expect(ran.stderr).toContain('using Redis redis://:***@10.9.9.9:6380, prefix {other}');
    expect(ran.stderr).not.toContain('hunter2');
    expect((await type(argv)).calls).toContainEqual(['on', 'redis://:hunter2@10.9.9.9:6380', '{other}']);
  });
});

describe('a command that sends or asks a provider', () => {
  test.each([[['send', '--to', '+60123456789', 'x']], [['explain', '--live', 'a-1']], [['providers', 'list']]])(
    'requires a config without faults: %j',
    async (argv) => {
      const ran = await type(argv, refusing(ONE));
      expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('error: the config has a fault\n') });
      expect(ran.calls.map(([name]) => name)).not.toContain('readable config');
    },
  );
});

test('explain without an id explains the latest alert', async () => {
  const ran = await type(['explain'], { recentIds: ['m-9', 'a-1'], alerts: [undefined, alertHistory({ id: 'a-1' })] });
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('a-1');
});

test('explain without an id reports that there is no alert', async () => {
  const ran = await type(['explain']);
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('error: no alert has been raised yet on 10.0.0.5:6379\n') });
});

import { describe, expect, test } from 'vitest';
import { SECRET, type } from './recording-deps.ts';

describe('usage', () => {
  test.each<[argv: string[], said: string]>([
    [['sned'], "unknown command 'sned'\n(Did you mean send?)"],
    [['send', '--to', '+60123456789', '--severty', 'critical', 'x'], "unknown option '--severty'\n(Did you mean --severity?)"],
    [['config', 'chekc'], "unknown command 'chekc'\n(Did you mean check?)"],
    [['send', 'Disk full'], "required option '--to <recipient>' not specified"],
    [['send', '--to'], "option '--to <recipient>' argument missing"],
    [['send', '--to', '+60123456789', '--purpose', 'fun', 'x'], 'Use alert, verification, notification.'],
    [['send', '--to', '+60123456789', '--purpose', 'alrt', 'x'], '(Did you mean "alert"?)'],
    [['dead', 'replay', '--all', '--reason', 'contnt'], '(Did you mean "content"?)'],
    [['stauts'], '(Did you mean status?)'],
    [['doctr', '--json'], '{"error":{"message":"unknown command \'doctr\'","hint":"Did you mean doctor?"}}\n'],
    [['send', '--json', 'x'], '{"error":{"message":"required option'],
    [['send', '--to', '+60123456789'], 'nothing to send'],
    [['send', '--to', '+60123456789', 'Disk', 'full'], 'put the text in quotes'],
    [['send', '--to', '+60123456789', '--template', 't', 'x'], 'give a text or --template, not both'],
    [['send', '--to', '+60123456789', '--param', 'a=b', 'x'], '--param requires --template NAME'],
    [['send', '--to', '+60123456789', '--label', '=b', 'x'], '--label must be name=value'],
    [['send', '--to', '+60123456789', '--wait', 'Disk full'], 'in front of the text write --wait=30'],
    [['send', '--to', '+60123456789', '--wait=0', 'x'], 'seconds above 0'],
    [['explain', 'two words'], 'invalid id'],
    [['resolve'], "missing required argument 'dedup-key'"],
    [['resolve', ''], 'the dedup key is empty'],
    [['resolve', 'k', '--redis', 'http://redis'], '--redis: the Redis URL cannot be read'],
    [['explain', '--prefix', 'two words'], '--prefix: must be 1 to 64 of'],
    [['dead'], 'Usage: sms-dispatch dead'],
    [['dead', 'show'], "missing required argument 'id'"],
    [['dead', 'show', 'two words'], 'invalid id'],
    [['dead', 'list', '--limit', '0'], 'Use a whole number from 1'],
    [['dead', 'replay'], 'give ids or --all'],
    [['dead', 'replay', '--all', 'm-1'], 'give ids or --all, not both'],
    [['dead', 'replay', '--all', '--reason', 'weather'], 'Use recipient, opted_out, content'],
    [['dead', 'replay', '--reason', 'content', 'm-1'], '--reason requires --all'],
    [['dead', 'discard', 'two words'], 'invalid id'],
    [['start', 'now'], 'too many arguments'],
    [[], 'Examples:'],
    [['config'], 'Usage: sms-dispatch config'],
  ])('%j is wrong usage: exit 2, said on stderr, nothing done', async (argv, said) => {
    const { code, stdout, stderr, calls } = await type(argv);
    expect(stderr).toContain(said);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(calls).toEqual([]);
  });

  test('a secret typed as a flag is not repeated', async () => {
    const { code, stderr } = await type(['send', `--auth-token=${SECRET}`, '--to', '+60123456789', 'x']);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--auth-token=…'");
    expect(stderr).not.toContain(SECRET);
  });

  test('a parameter without a name is not repeated: it may be a login code', async () => {
    const { code, stderr } = await type(['send', '--to', '+60123456789', '--template', 'login-code', '--param', SECRET]);
    expect(code).toBe(2);
    expect(stderr).toBe('error: --param must be name=value\n');
  });
});

describe('help', () => {
  test.each([
    ...['--help', 'help', 'start --help', 'router --help', 'dispatcher --help', 'receiver --help', 'send --help', 'bulk --help'],
    ...['explain --help', 'status --help', 'doctor --help', 'resolve --help', 'acknowledge --help', 'budget --help', 'schema --help'],
    ...['dead --help', 'dead list --help', 'dead show --help', 'dead replay --help', 'dead discard --help'],
    ...['unknown --help', 'unknown list --help', 'unknown resolve --help'],
    ...['optouts --help', 'optouts list --help', 'optouts add --help', 'optouts remove --help'],
    ...['config --help', 'config check --help', 'config import --help'],
    ...['providers --help', 'providers list --help', 'providers check --help'],
    ...['templates --help', 'templates list --help', 'templates preview --help', 'help status', 'help dead'],
  ])('%s opens with examples, on stdout, exit 0, without colour', async (line) => {
    const { code, stdout, stderr } = await type(line.split(' '), { colour: true });
    expect(stdout).toMatch(/^Examples:\n {2}(REDIS_URL=\S+ )?(PORT=\d+ )?sms-dispatch \w+/);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('names every command', async () => {
    const { stdout } = await type(['--help']);
    for (const name of [
      ...['start', 'router', 'dispatcher', 'receiver', 'send', 'bulk', 'explain', 'status', 'doctor', 'dead', 'resolve'],
      ...['unknown', 'optouts', 'budget', 'config', 'providers', 'templates', 'schema'],
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
  });

  test('no flag takes a secret', async () => {
    const texts = await Promise.all(['--help', 'send --help', 'start --help'].map(async (line) => (await type(line.split(' '))).stdout));
    expect(texts.join('')).not.toMatch(/--[a-z-]*(token|secret|password|redis|api-key)/);
  });

  test('--version is data', async () => {
    expect(await type(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });
});

describe('processes', () => {
  test.each(['start', 'router', 'dispatcher', 'receiver'])('%s runs with the config that was named', async (kind) => {
    expect((await type([kind, '--config', 'x.yaml'])).calls).toEqual([['runProcess', kind, { configPath: 'x.yaml' }]]);
  });

  test.each([0, 1])('exit code %d of the process is ours', async (exitCode) => {
    const { code, calls } = await type(['start'], { exitCode });
    expect(code).toBe(exitCode);
    expect(calls).toEqual([['runProcess', 'start', { configPath: undefined }]]);
  });

  test.each(['start', 'receiver'])('%s serves the console with --console, and the other commands reject that option', async (kind) => {
    expect((await type([kind, '--console'])).calls).toEqual([['runProcess', kind, { configPath: undefined, console: true }]]);
    expect((await type(['dispatcher', '--console'])).code).toBe(2);
  });
});

test.each([[['schema']], [['schema', '--json']]])('%j prints the JSON Schema of an alert', async (argv) => {
  const { code, stdout } = await type(argv);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'object', required: ['severity'] });
});

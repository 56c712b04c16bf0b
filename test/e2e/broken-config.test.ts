import { beforeAll, describe, expect, test } from 'vitest';
import { createAll } from '../../src/app.ts';
import { createLogger } from '../../src/logger.ts';
import { loadYaml } from '../config/load-yaml.ts';
import { testRedis } from '../support/redis.ts';
import { post, runToEnd, settled } from '../support/system.ts';

const { url: redisUrl, prefix } = testRedis();

const CONFIG = `
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
redis: { prefix: "${prefix}" }
`;
/** As an editor leaves it half-way. */
const BROKEN = `${CONFIG}caps: { perHour: { max: many } }\ncontacts:\n  alice: { phone: "12" }\n`;
const NO_YAML = 'routes: [';

let id: string;

beforeAll(async () => {
  const { config } = loadYaml(`${CONFIG}http: { port: 0 }`);
  const app = createAll({ config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  const url = `http://127.0.0.1:${httpPort}`;
  [id = ''] = await post(url, { severity: 'critical', to: '+60123450006', text: 'disk full', dedupKey: 'db-1/full' });
  await settled(url, id);
  return () => app.stop();
});

const type = (config: string, ...args: string[]) => runToEnd({ config, redisUrl, args });

describe('typed at a real terminal, with a file that has faults', () => {
  test.each([
    ['explain', () => ['explain', id], [0], 'Not texted'],
    ['explain without an id', () => ['explain'], [0], 'Not texted'],
    ['dead list', () => ['dead', 'list'], [0], 'recipient'],
    ['unknown list', () => ['unknown', 'list'], [0], 'unknown'],
    ['optouts list', () => ['optouts', 'list'], [0], 'no opt-outs'],
    ['status', () => ['status', '--json'], [0, 1], '"health"'],
    ['resolve of a typo', () => ['resolve', 'db-1/ful'], [1], 'nothing is open for dedup key "db-1/ful"\nDid you mean "db-1/full"\\?'],
    ['ack of a typo', () => ['ack', `${id}x`], [1], `no alert has the id .*\nDid you mean`],
    ['dead discard --all in a pipe', () => ['dead', 'discard', '--all'], [1], 'without a terminal needs --yes'],
  ])('%s works, with one warning', async (_what, argv, code, says) => {
    const ran = await type(BROKEN, ...argv());
    expect(ran.output).toMatch(new RegExp(says));
    expect(ran.output.match(/^warning: .*/gm) ?? []).toHaveLength(argv()[1] === 'discard' ? 0 : 1);
    expect(code).toContain(ran.code);
  });

  test('a prefix that cannot be read any more is given by hand', async () => {
    const lost = await type(NO_YAML, 'explain', id);
    expect(lost).toMatchObject({ code: 1, output: expect.stringContaining('prefix {sms}') });
    expect(await type(NO_YAML, 'explain', id, '--prefix', prefix)).toMatchObject({ code: 0 });
  });

  test('--redis stands for REDIS_URL', async () => {
    const ran = await runToEnd({ config: BROKEN, args: ['explain', id, '--redis', redisUrl] });
    expect(ran).toMatchObject({ code: 0, output: expect.stringContaining('Not texted') });
  });

  test('the file may be missing altogether', async () => {
    const ran = await type('', 'explain', id, '--prefix', prefix, '--config', 'nowhere.yaml');
    expect(ran.output).toContain('warning: nowhere.yaml: no such file');
    expect(ran.code).toBe(0);
  });

  test('doctor says what the faults are', async () => {
    const ran = await type(BROKEN, 'doctor');
    expect(ran.output).toContain('caps.perHour.max');
    expect(ran.output).toContain('contacts.alice.phone');
    expect(ran.code).toBe(1);
  });
});

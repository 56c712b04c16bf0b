import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { readableConfig } from '../../src/config/readable-config.ts';
import { minimal } from './load-yaml.ts';

/** What is left of a file that is refused; `undefined` text: there is no file. */
function readable(yaml: string | Buffer | undefined, env: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'sms-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'c.yaml');
  if (yaml !== undefined) writeFileSync(path, yaml);
  try {
    loadConfig({ path, env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { config, redisIsKnown } = readableConfig(error, { path, env });
    return { config, redisIsKnown, redis: [config.redis.url?.reveal(), config.redis.prefix] };
  }
  throw new Error('the config was accepted');
}

const REDIS = 'redis: { url: redis://10.0.0.5, prefix: "{ops}" }\n';

describe('of a config with faults, Redis and its prefix are', () => {
  test.each([
    ['those of the file, whose fault is elsewhere', minimal(`${REDIS}caps: { perHour: { max: -1 } }`), {}, ['redis://10.0.0.5', '{ops}']],
    [
      'those of the file, with an unknown key beside them',
      minimal('redis: { url: redis://10.0.0.5, prefix: "{ops}", db: 4 }'),
      {},
      ['redis://10.0.0.5', '{ops}'],
    ],
    ['those of the file, which has no providers', REDIS, {}, ['redis://10.0.0.5', '{ops}']],
    ['of the environment before all', minimal(`${REDIS}nonsense: 1`), { REDIS_URL: 'redis://10.0.0.9' }, ['redis://10.0.0.9', '{ops}']],
    [
      'of the environment, where the file names one that cannot be read',
      minimal(`redis: { url: "\${NOT_SET}" }`),
      { REDIS_URL: 'redis://10.0.0.9' },
      ['redis://10.0.0.9', '{sms}'],
    ],
    [
      'of the environment, where another variable is wrong',
      minimal(),
      { REDIS_URL: 'redis://10.0.0.9', PORT: 'eighty' },
      ['redis://10.0.0.9', '{sms}'],
    ],
    ['the default prefix for one that is none', minimal('redis: { prefix: "a b" }'), {}, [undefined, '{sms}']],
    ['the default for no file', undefined, {}, [undefined, '{sms}']],
    ['the default for an empty file', '', {}, [undefined, '{sms}']],
    ['the default for a list', '- 1\n', {}, [undefined, '{sms}']],
    ['the default for what is no YAML', 'routes: [', {}, [undefined, '{sms}']],
  ])('%s', (_what, yaml, env, redis) => {
    expect(readable(yaml, env)).toMatchObject({ redis, redisIsKnown: true });
  });

  test.each([
    ['whose variable is not set', minimal(`redis: { url: "\${NOT_SET}" }`), {}],
    ['that is no URL', minimal('redis: { url: "10.0.0.5:6379 or so" }'), {}],
    ['in a section that is no map', minimal('redis: redis://10.0.0.5'), {}],
    ['in a file that is no YAML', `${REDIS}routes: [`, {}],
    ['in a file that cannot be read', Buffer.from([0xff, 0xfe, 0x00]), {}],
    ['of the environment', minimal(), { REDIS_URL: 'http://10.0.0.5' }],
  ])('not known where there is one %s', (_what, yaml, env) => {
    expect(readable(yaml, env).redisIsKnown).toBe(false);
  });
});

test('sound sections are kept, others are as if left out, and no route is without its providers', () => {
  const { config } = readable(`
providers: { desk: { type: simulated }, main: { type: twilio } }
routes: [{ name: default, providers: [desk] }]
contacts: { alice: { phone: +60123456789, consent: true } }
groups: { oncall: [nobody] }
defaultCountry: MY
caps: { perHour: { max: 7, criticalReserve: 1 } }
`);
  expect(config.contacts.get('alice')?.phone).toBe('+60123456789');
  expect(config).toMatchObject({ defaultCountry: 'MY', caps: { perHour: { max: 7 } }, routes: [] });
  expect([config.providers.size, config.groups.size]).toEqual([0, 0]);
});

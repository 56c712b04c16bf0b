import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadYaml } from './load-yaml.ts';

const file = join(mkdtempSync(join(tmpdir(), 'sms-tls-')), 'ca.pem');
writeFileSync(file, '');
const load = (redis: string, env = {}) =>
  loadYaml(`providers: { desk: { type: simulated } }\nroutes: [{ providers: [desk] }]\nredis: ${redis}\n`, {
    env,
  }).config.redis.url?.reveal();

test('redis.tls goes behind the URL, be it of the file or of REDIS_URL', () => {
  expect(load(`{ url: "rediss://host", tls: { ca: ${file}, servername: x } }`)).toBe(
    `rediss://host?ca=${encodeURIComponent(file)}&servername=x`,
  );
  expect(load(`{ tls: { servername: x } }`, { REDIS_URL: 'rediss://other?family=6' })).toBe('rediss://other?family=6&servername=x');
});

test.each([
  [`{ url: "redis://host", tls: { ca: ${file} } }`, /redis\.tls: .*begins with rediss/],
  [`{ tls: { ca: ${file} } }`, /redis\.tls: .*begins with rediss/],
  [`{ url: "rediss://host", tls: { cert: ${file} } }`, /redis\.tls: .*both cert and key; key is missing/],
  ['{ url: "rediss://host", tls: { ca: /no/such/ca.pem } }', /redis\.tls\.ca: no such file: \/no\/such\/ca\.pem/],
  ['{ url: "rediss://host", tls: { ca: ca.pem } }', /redis\.tls\.ca: .*absolute path of a PEM file/],
  [`{ url: "rediss://host", tls: { cafile: ${file} } }`, /redis\.tls\.cafile/],
])('a fault of redis.tls names its key: %s', (redis, expected) => {
  expect(() => load(redis)).toThrow(expected);
});

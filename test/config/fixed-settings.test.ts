import { expect, test } from 'vitest';
import { changedSections, refuseFixed } from '../../src/config/changed-sections.ts';
import { ConfigError } from '../../src/config/fault.ts';
import { loadYaml, minimal } from './load-yaml.ts';

const load = (more: string) => loadYaml(minimal(more)).config;

test.each([
  ['redis.url', 'redis: { url: "redis://:old@localhost" }', 'redis: { url: "redis://:new@localhost" }'],
  ['redis.prefix', '', 'redis: { prefix: "{other}" }'],
  ['http.port', 'http: { port: 8081 }', 'http: { port: 8082 }'],
  ['http.host', '', 'http: { host: "::1" }'],
  ['metrics.port', '', 'metrics: { port: 9000 }'],
])('%s is refused to a running process', (path, before, after) => {
  const refuse = () => refuseFixed(load(before), load(after), 'c.yaml');
  expect(refuse).toThrow(ConfigError);
  expect(refuse).toThrow(`c.yaml ${path}: cannot change while the process runs (restart)`);
  expect(() => refuseFixed(load(after), load(after), 'c.yaml')).not.toThrow();
});

test('all rejected settings are reported together', () => {
  expect(() => refuseFixed(load(''), load('http: { port: 1 }\nredis: { prefix: x }'), 'c.yaml')).toThrow(/redis\.prefix.*\n.*http\.port/);
});

test.each([
  ['nothing', '# a comment', '', []],
  ['contacts', '', 'contacts: { alice: { phone: "+60123456789" } }', ['contacts']],
  ['a secret alone', 'http: { tokens: [one] }', 'http: { tokens: [two] }', ['http']],
  ['the order of routes', 'caps: { perHour: off }', 'caps: { perRecipient: [] }', ['caps']],
  [
    'what only a process means',
    '',
    'worker: { concurrency: 3 }\nshutdown: { grace: 1s }\nlogLevel: debug',
    ['worker', 'shutdown', 'logLevel'],
  ],
])('a config in which %s has changed says so by section', (_what, before, after, sections) => {
  expect(changedSections(load(before), load(after))).toEqual(sections);
});

test.each([
  ['a pattern', '{ name: a, match: { source: /^a/ }, providers: [desk] }', '{ name: a, match: { source: /^b/ }, providers: [desk] }'],
  [
    'a pattern where there was a word',
    '{ name: a, match: { source: x }, providers: [desk] }',
    '{ name: a, match: { source: /x/ }, providers: [desk] }',
  ],
  [
    'the order of routes',
    '{ name: a, match: { source: a }, providers: [desk] }, { name: b, match: { source: b }, providers: [desk] }',
    '{ name: b, match: { source: b }, providers: [desk] }, { name: a, match: { source: a }, providers: [desk] }',
  ],
  ['a key that is left out', '{ name: a, providers: [desk], maxSegments: 2 }', '{ name: a, providers: [desk] }'],
])('a config in which %s has changed says that its routes have', (_what, before, after) => {
  const load = (routes: string) => loadYaml(`providers: { desk: { type: simulated } }\nroutes: [${routes}]`).config;
  expect(changedSections(load(before), load(after))).toEqual(['routes']);
  expect(changedSections(load(before), load(before))).toEqual([]);
});

test('a config in which the order of contacts has changed says so, since the fingerprint differs as well', () => {
  const load = (...names: string[]) =>
    loadYaml(minimal(`contacts: { ${names.map((name) => `${name}: { phone: "+60123456789" }`).join(', ')} }`));
  const [before, after] = [load('a', 'b'), load('b', 'a')];
  expect(changedSections(before.config, after.config)).toEqual(['contacts']);
  expect(before.hash).not.toBe(after.hash);
});

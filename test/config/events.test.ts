import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../src/channel/event-webhook-config.ts';
import { changedSections } from '../../src/config/changed-sections.ts';
import { faultLines, loadYaml, minimal } from './load-yaml.ts';

const secret = (fill: string, bytes = 32) => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;
const [a, b] = [secret('a'), secret('b')];
const withEvents = (webhook: string) => minimal(`events: { erp: { url: "https://erp.example.com", ${webhook} } }`);
const load = (webhook: string) => loadYaml(withEvents(webhook)).config;

describe('events', () => {
  test('are sent to a webhook for every outcome, unless it selects types', () => {
    const { types, headers } = load(`secret: "${a}"`).events.get('erp') ?? {};
    expect(headers).toEqual({});
    expect(EVENT_TYPES.filter((type) => !types?.includes(type))).toEqual(['alert.routed', 'message.deferred']);
    expect(load(`secret: "${a}", types: [alert.routed]`).events.get('erp')?.types).toEqual(['alert.routed']);
  });

  test.each([
    ['one', `"${a}"`, [a]],
    ['several with commas', `"${a}, ${b}"`, [a, b]],
    ['a list', `["${a}", "${b}"]`, [a, b]],
    ['24 bytes', `"${secret('a', 24)}"`, [secret('a', 24)]],
    ['64 bytes', `"${secret('a', 64)}"`, [secret('a', 64)]],
  ])('are signed with %s', (_what, written, secrets) => {
    const config = load(`secret: ${written}`);
    expect(config.events.get('erp')?.secret.map((one) => one.reveal())).toEqual(secrets);
    expect(JSON.stringify([...config.events])).not.toContain('whsec_');
  });

  test('are a part of the config that a changed secret changes', () => {
    expect(changedSections(load(`secret: "${a}"`), load(`secret: "${b}"`))).toEqual(['events']);
  });

  const at = 'c.yaml:4 events.erp';
  const badSecret = 'must be a Standard Webhooks secret: whsec_ and 24 to 64 bytes in base64';
  const how = 'generate one: echo "whsec_$(openssl rand -base64 32)"';
  test.each([
    ['no secret', 'types: [alert.routed]', `${at}.secret: ${badSecret}; ${how}`],
    ['a word', 'secret: sesame', `${at}.secret: ${badSecret}, got 6 characters (${how})`],
    ['one too short', `secret: "${secret('a', 23)}"`, `${at}.secret: ${badSecret}, got 38 characters that start with whsec_ (${how})`],
    ['one too long', `secret: "${secret('a', 65)}"`, `${at}.secret: ${badSecret}, got 94 characters that start with whsec_ (${how})`],
    ['one wrong of two', `secret: "${a},"`, `${at}.secret: ${badSecret}, got 51 characters that start with whsec_ (${how})`],
    [
      'an unknown type',
      `secret: "${a}", types: [message.deliverd]`,
      `${at}.types[0]: must be one of ${EVENT_TYPES.join(', ')}, got "message.deliverd" (did you mean "message.delivered"?)`,
    ],
    ['no type', `secret: "${a}", types: []`, `${at}.types: must have at least 1, got an empty list`],
    ['a header of ours', `secret: "${a}", headers: { Webhook-Id: x }`, `${at}.headers.webhook-id: must not be set: every event has it`],
    ['an unknown key', `secret: "${a}", type: x`, `${at}.type: unknown key (did you mean "types"?)`],
  ])('with %s are refused', (_what, webhook, line) => {
    expect(faultLines(withEvents(webhook))).toEqual([line]);
  });

  test('with an address that is none, or a name that may be a number, are refused', () => {
    expect(faultLines(minimal(`events: { "60123456789": { url: ftp://x, secret: "${a}" } }`))).toEqual([
      'c.yaml:4 events.********789.url: must be an address that begins with https:// or http://, got 7 characters',
      expect.stringContaining('not a valid name: use 1 to 64 letters'),
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { loadYaml } from './load-yaml.ts';

const exotel = (keys: string) => `type: exotel, sid: acme, token: t, from: OPS${keys}`;
const base = `
providers:
  desk: { type: smslocal, apiKey: k, from: OPS }
  dlt: { ${exotel(', dltEntityId: "1101", dltTemplateId: "1107"')} }
templates:
  host: { text: "{priority} {instance} {text}", exotel: { dltTemplateId: "1" } }
routes:
`;
const load = async (rest: string) => {
  const { config, warnings } = await loadYaml(`${base}${rest}`);
  return { routes: config.routes, warned: warnings.map(({ path, message, hint }) => `${path}: ${message} (${hint})`) };
};

describe('a message that waits for a cap longer than it is good', () => {
  const hint = '(overflow: digest, or a longer expiresAfter)';
  const late = (cap: string, time: string) =>
    `routes[0].expiresAfter: ${cap} may hold a message back for ${time}: it expires before it can be sent ${hint}`;

  test.each<[what: string, yaml: string, warned: string[]]>([
    ['none by default, because alerts are gathered', '- { providers: [desk] }', []],
    [
      'none on a route of login codes, which are of no use later',
      '- { match: { purpose: verification }, expiresAfter: 5m, providers: [desk] }',
      [],
    ],
    ['none where it is good for longer', '- { overflow: defer, expiresAfter: 61m, providers: [desk] }', []],
    ['none where there is no cap', '- { overflow: defer, providers: [desk] }\ncaps: { perRecipient: off, perHour: off }', []],
    ['none where it is dropped', '- { overflow: drop, expiresAfter: 1m, providers: [desk] }', []],
    [
      'one a cap where it is deferred',
      '- { overflow: defer, providers: [desk] }',
      [late('caps.perRecipient', '1h'), late('caps.perHour', '1h')],
    ],
    [
      'by the longest window of each cap, those of its route too',
      '- { overflow: defer, expiresAfter: 2h, providers: [desk], caps: { perRoute: [{ max: 1, per: 90m }, { max: 9, per: 1d }] } }\ncaps: { perRecipient: [{ max: 1, per: 3h }], perSource: [{ max: 9, per: 2h }], perCountry: { "60": [{ max: 9, per: 7d }] }, perHour: off }',
      [
        late('caps.perRecipient', '3h'),
        late('caps.perSource', '2h'),
        late('caps.perCountry.60', '7d'),
        late("the route's caps.perRoute", '1d'),
      ],
    ],
    [
      'by the budgets',
      '- { overflow: defer, expiresAfter: 2h, providers: [desk] }\nmoney: { currency: USD, prices: { desk: { other: 1 } }, budgets: { hour: { hard: 5 }, day: { hard: 9 } } }',
      [late('money.budgets.day', '1d')],
    ],
  ])('is warned of: %s', async (_what, yaml, warned) => {
    expect((await load(yaml)).warned).toEqual(warned);
  });

  test('is warned of too where a digest would expire', async () => {
    expect((await load('- { providers: [desk] }\ncaps: { perRecipient: [{ max: 5, per: 7d }] }')).warned).toEqual([
      'routes[0]: caps.perRecipient may hold a digest back for 7d: it expires after 6d (a shorter window)',
    ]);
  });
});

describe('a route whose own template is registered with the operators', () => {
  test('defers what a cap holds back, and says so', async () => {
    const { routes, warned } = await load('- { template: host, expiresAfter: 2h, providers: [dlt] }');
    expect(routes[0]?.overflow).toBe('defer');
    expect(warned).toEqual([
      'routes[0].template: is registered with the operators (DLT) and does not match digests: messages held back by a cap are deferred (use overflow: defer with a long expiresAfter, or no template on a route for alerts)',
    ]);
  });

  test('gathers it all the same where the file says digest, with a warning', async () => {
    const { routes, warned } = await load('- { template: host, overflow: digest, providers: [dlt] }');
    expect(routes[0]?.overflow).toBe('digest');
    expect(warned).toEqual([expect.stringContaining('does not match digests: the operator may drop its digests')]);
  });

  test.each(['providers: [dlt]', 'template: host, providers: [desk]'])('is no concern of { %s }', async (route) => {
    const { routes, warned } = await load(`- { ${route} }`);
    expect(routes[0]?.overflow).toBeUndefined();
    expect(warned.filter((line) => line.includes('DLT'))).toEqual([]);
  });
});

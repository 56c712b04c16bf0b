// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { describe, expect, test } from 'vitest';
import { faultLines, loadYaml, minimal } from './load-yaml.ts';

const people = (count: number) =>
  Array.from({ length: count }, (_, i) => `  p${i}: { <<: *person, phone: "+6012${3_000_000 + i}" }\n`).join('');

describe('anchors and aliases', () => {
  test('may be used many hundred times', () => {
    const aliases = Array.from({ length: 300 }, (_, i) => `  g${i}: *all\n`).join('');
    const { config } = loadYaml(minimal(`contacts: { a: { phone: "+60123456789", consent: true } }\ngroups:\n  all: &all [a]\n${aliases}`));
    expect(config.groups.size).toBe(301);
    expect(config.groups.get('g299')).toEqual(['a']);
  });

  test('in sections that start with x- are settings only where they are used', () => {
    const { config } = loadYaml(
      minimal(`x-person: &person { consent: true, language: en }\nx-unused: "\${NOT_SET}"\ncontacts:\n${people(150)}`),
    );
    expect(config.contacts.get('p149')).toEqual({ phone: '+60123000149', consent: true, language: 'en' });
  });

  test('of an earlier map in a list of merges win over a later one, and a key of the map over both', () => {
    const { config } = loadYaml(
      minimal(
        'x-a: &a { language: en }\nx-b: &b { language: ms, consent: true, timeZone: Asia/Kuala_Lumpur }\ncontacts:\n  c: { phone: "+60123456789", <<: [*a, *b], timeZone: UTC }',
      ),
    );
    expect(config.contacts.get('c')).toEqual({ phone: '+60123456789', consent: true, language: 'en', timeZone: 'UTC' });
  });

  test('merge what was merged, what stands in the map itself, and twice in one map', () => {
    const { config } = loadYaml(
      minimal(
        'x-a: &a { consent: true }\nx-b: &b { <<: *a, language: ms }\ncontacts:\n  c: { phone: "+60123456789", <<: *b }\n  d:\n    <<: { phone: "+60123456780" }\n    <<: *a',
      ),
    );
    expect(config.contacts.get('c')).toEqual({ phone: '+60123456789', consent: true, language: 'ms' });
    expect(config.contacts.get('d')).toEqual({ phone: '+60123456780', consent: true });
  });

  test('take a placeholder along, each place for itself', () => {
    const { config } = loadYaml(minimal('x-t: &t "${A}"\nhttp: { tokens: [*t, "$${B}"] }\nredis: { prefix: *t }'), { env: { A: '42' } });
    expect(config.http.tokens.map((token) => token.reveal())).toEqual(['42', '${B}']);
    expect(config.redis.prefix).toBe('42');
  });

  test('are followed in a contact file as well', () => {
    const { config } = loadYaml(minimal('contactFiles: [p.yaml]'), {
      files: { 'p.yaml': `x-p: &person { consent: true }\ncontacts:\n${people(2)}` },
    });
    expect(config.contacts.get('p1')).toMatchObject({ consent: true });
  });

  test('a quoted << is a key like any other', () => {
    expect(faultLines(minimal('http: { "<<": 1 }'))).toEqual(['c.yaml:4 http.<<: unknown key']);
  });

  test('a fault in what was merged is reported in the line where it is written', () => {
    expect(faultLines(minimal('x-p: &p\n  consent: maybe\ncontacts:\n  a: { <<: *p, phone: "+60123456789" }'))).toEqual([
      'c.yaml:5 contacts.a.consent: must be true or false, got "maybe"',
    ]);
  });
});

describe('an alias that cannot be followed is a fault with its place', () => {
  const bomb = Array.from({ length: 40 }, (_, i) => `  l${i + 1}: &l${i + 1} [*l${i}, *l${i}]\n`).join('');
  const mergeBomb = Array.from({ length: 40 }, (_, i) => `  l${i + 1}: &l${i + 1} { a: { <<: *l${i} }, b: { <<: *l${i} } }\n`).join('');
  test.each([
    [
      'one that doubles what it names forty times',
      `x:\n  l0: &l0 [a]\n${bomb}`,
      /^c\.yaml:\d+:\d+: the aliases up to here repeat more than 500000 values/,
    ],
    ['merges that do the same', `x:\n  l0: &l0 { a: 1 }\n${mergeBomb}`, /^c\.yaml:\d+:\d+: the aliases up to here repeat more than/],
    ['one inside of what it names', 'x-a: &a\n  b: { c: *a }', /^c\.yaml:5:11: this alias refers to a value that contains it/],
    ['one without an anchor', 'x-a: *nothing', /^c\.yaml:4:6: a value that starts with \* must be in quotes/],
    ['one before its anchor', 'x-a: [*b]\nx-b: &b 1', /^c\.yaml:4:7: a value that starts with \* must be in quotes/],
    ['a merge of what is no map', 'x-a: &a [1]\nhttp: { <<: *a }', /^c\.yaml:5:9: << merges maps: it needs/],
  ])('%s', (_, more, line) => {
    expect(faultLines(minimal(more))[0]).toMatch(line);
  });
});

/** User time, which does not depend on what else the machine does. */
function work(run: () => void): number {
  const times = [0, 1, 2].map(() => {
    const before = process.cpuUsage().user;
    run();
    return process.cpuUsage().user - before;
  });
  return Math.min(...times);
}

test('the work of a check grows with the number of contacts, not with its square', () => {
  const file = (count: number) => {
    const names = Array.from({ length: count }, (_, i) => `p${i}`);
    return minimal(
      `x-p: &person { consent: true }\ncontacts:\n${people(count)}groups: { all: [${names.join(', ')}] }\nwebhooks: { to: [${names.map((name) => `"contact:${name}"`).join(', ')}] }`,
    );
  };
  expect(loadYaml(file(500)).config.contacts.size).toBe(500);
  expect(work(() => loadYaml(file(5000))) / work(() => loadYaml(file(500)))).toBeLessThan(35);
}, 480_000);

test('of a file full of unknown names every one is a fault, the first ones with the name that is nearest', () => {
  const names = Array.from({ length: 3000 }, (_, i) => `q${i}`);
  const lines = faultLines(minimal(`x-p: &person { consent: true }\ncontacts:\n${people(3000)}groups: { all: [${names.join(', ')}] }`));
  expect(lines).toHaveLength(3000);
  expect(lines[0]).toMatch(/no contact named "q0" \(did you mean "p0"\?\)$/);
  expect(lines[2999]).toMatch(/no contact named "q2999"$/);
}, 240_000);

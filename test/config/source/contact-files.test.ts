import { describe, expect, test } from 'vitest';
import { faultLines, type Given, loadYaml, minimal } from '../load-yaml.ts';

const alice = 'contacts:\n  alice: { phone: "+60123456789", consent: true }\n';
const beside = (files: NonNullable<Given['files']>, env: NonNullable<Given['env']> = {}): Given => ({ files, env });

describe('contact files', () => {
  test('hold contacts, groups and rotations beside those of the config, which may name each other', () => {
    const { config, warnings } = loadYaml(minimal(`${alice}groups: { all: [alice, bob] }\ncontactFiles: [people.yaml, "more.yaml"]\n`), {
      files: {
        'people.yaml': 'contacts:\n  bob: { phone: "+60123456780", consent: true }\ngroups:\n  ops: [alice, bob]\n',
        'more.yaml': '# nobody yet\n',
      },
    });
    expect([...config.contacts.keys()]).toEqual(['alice', 'bob']);
    expect(Object.fromEntries(config.groups)).toEqual({ all: ['alice', 'bob'], ops: ['alice', 'bob'] });
    expect(warnings).toEqual([]);
  });

  test('use the default country of the config, and have their own warnings with file and line', () => {
    const given = beside({ 'people.yaml': 'contacts:\n  bob: { phone: "012-345 6789" }\n' });
    const { config, warnings } = loadYaml(minimal('defaultCountry: MY\ncontactFiles: [people.yaml]\n'), given);
    expect(config.contacts.get('bob')?.phone).toBe('+60123456789');
    expect(warnings).toMatchObject([{ path: 'contacts.bob', line: 2, file: expect.stringMatching(/people\.yaml$/) }]);
  });

  test('take placeholders as the config does', () => {
    const given = beside({ 'people.yaml': `contacts: { bob: { phone: "\${BOB}", consent: true } }` }, { BOB: '+60123456780' });
    expect(loadYaml(minimal('contactFiles: [people.yaml]\n'), given).config.contacts.get('bob')?.phone).toBe('+60123456780');
  });

  test('make another hash, and the same people in another file do not', () => {
    const hashOf = (more: string, files: NonNullable<Given['files']> = {}) => loadYaml(minimal(more), { files }).hash;
    const apart = hashOf('contactFiles: [people.yaml]\n', { 'people.yaml': alice });
    expect(apart).toBe(hashOf(alice));
    expect(apart).not.toBe(hashOf('contactFiles: [people.yaml]\n', { 'people.yaml': alice.replace('alice', 'bob') }));
  });

  test.each<[string, string, NonNullable<Given['files']>, string[]]>([
    [
      'that is not there',
      'contactFiles: [people.yaml]\ngroups: { ops: [bob] }\n',
      {},
      ['c.yaml:4 contactFiles[0]: no such file: people.yaml (the path is relative to c.yaml)'],
    ],
    [
      'that is named twice',
      'contactFiles: [people.yaml, people.yaml]\n',
      { 'people.yaml': alice },
      ['c.yaml:4 contactFiles[1]: this file is listed twice, got "people.yaml" (remove one)'],
    ],
    [
      'that is no map',
      'contactFiles: [people.yaml]\n',
      { 'people.yaml': '- bob\n' },
      ['people.yaml:1: must be a map of contacts, groups and rotations'],
    ],
    [
      'with a section that belongs into the config',
      'contactFiles: [people.yaml]\n',
      { 'people.yaml': 'contact: {}\nhttp: { port: 1 }\n' },
      [
        'people.yaml:1 contact: unknown key (did you mean "contacts"?)',
        'people.yaml:2 http: unknown key (a contact file holds contacts, groups and rotations only)',
      ],
    ],
    [
      'with faults of every kind, after those of the config, each in its own line',
      'contactFiles: [people.yaml]\ngroups:\n  all: [alise]\n',
      { 'people.yaml': `${alice}  bob: { phone: "12" }\n  carl: { phon: "+60123456780" }\ngroups:\n  ops:\n    - alice\n    - bop\n` },
      [
        'c.yaml:6 groups.all[0]: no contact named "alise" (did you mean "alice"?)',
        expect.stringMatching(/^people\.yaml:3 contacts\.bob\.phone: /),
        'people.yaml:4 contacts.carl.phone: is missing',
        'people.yaml:4 contacts.carl.phon: unknown key (did you mean "phone"?)',
        expect.stringMatching(/^people\.yaml:8 groups\.ops\[1\]: no contact named "bop"/),
      ] as string[],
    ],
    [
      'with a name that the config has',
      `${alice}contactFiles: [people.yaml]\n`,
      { 'people.yaml': `# \n${alice}` },
      ['people.yaml:3 contacts.alice: two contacts with the same name, the first in c.yaml:5 (rename one)'],
    ],
    [
      'with a name that another one has',
      'contactFiles: [a.yaml, b.yaml]\n',
      { 'a.yaml': 'groups: { ops: [alice] }\n', 'b.yaml': `${alice}groups: { ops: [alice] }\n` },
      ['b.yaml:3 groups.ops: two groups with the same name, the first in a.yaml:1 (rename one)'],
    ],
  ])('one %s is a fault', (_what, more, files, lines) => {
    expect(faultLines(minimal(more), { files })).toEqual(lines);
  });

  test('one that is not YAML is reported with its line, and names that may be in it are not reported as unknown', () => {
    const lines = faultLines(minimal('contactFiles: [people.yaml]\ngroups: { ops: [bob] }\nlogLevel: loud\n'), {
      files: { 'people.yaml': 'contacts:\n  bob: { phone: "+60123456780"\n' },
    });
    expect(lines).toEqual([expect.stringMatching(/^c\.yaml:6 logLevel: /), expect.stringMatching(/^people\.yaml:\d+:\d+: /)]);
  });

  test('one that is not there hides no fault that has nothing to do with people', () => {
    const more = 'contactFiles: [people.yaml]\ngroups: { ops: [bob] }\nmoney: { currency: USD, prices: { nobody: { other: 1 } } }\n';
    expect(faultLines(minimal(more))).toEqual([
      expect.stringMatching(/^c\.yaml:4 contactFiles\[0\]: no such file/),
      'c.yaml:6 money.prices.nobody: no provider named "nobody" (providers: desk)',
    ]);
  });

  test('one without a single byte is refused: it may be about to be written, and would take everybody with it', () => {
    expect(faultLines(minimal('contactFiles: [people.yaml]\n'), { files: { 'people.yaml': '' } })).toEqual([
      'people.yaml: is empty (if it was being written, try again; for a file without contacts write contacts: {})',
    ]);
  });
});

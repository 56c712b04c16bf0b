import { describe, expect, test } from 'vitest';
import { loadYaml } from './load-yaml.ts';

interface Given {
  readonly all?: string;
  readonly ofRoute?: string;
  readonly ofContact?: string;
}

const load = ({ all, ofRoute, ofContact }: Given) =>
  loadYaml(`
providers: { sim: { type: simulated } }
routes: [{ name: r, providers: [sim]${ofRoute === undefined ? '' : `, quietHours: ${ofRoute}`} }]
contacts: { alice: { phone: "+60123456789", consent: true${ofContact === undefined ? '' : `, ${ofContact}`} } }
${all === undefined ? '' : `quietHours: ${all}`}
`);
const NIGHT = 'from: "22:00", to: "07:00"';
const night = { from: 1320, to: 420 };

describe('quiet hours of a route', () => {
  test.each<[name: string, given: Given, expected: unknown]>([
    ['are by UTC and for all but criticals', { ofRoute: `{ ${NIGHT} }` }, { ...night, timeZone: 'UTC', override: 'critical' }],
    [
      'are as for everybody in what they leave out',
      { all: '{ from: "01:00", to: "02:00", timeZone: Asia/Tokyo, override: error }', ofRoute: `{ ${NIGHT} }` },
      { ...night, timeZone: 'Asia/Tokyo', override: 'error' },
    ],
    [
      'go their own way in what they say',
      {
        all: '{ from: "01:00", to: "02:00", timeZone: Asia/Tokyo, override: error }',
        ofRoute: `{ ${NIGHT}, timeZone: UTC, override: info }`,
      },
      { ...night, timeZone: 'UTC', override: 'info' },
    ],
    ['may be off', { all: `{ ${NIGHT}, timeZone: UTC }`, ofRoute: 'off' }, 'off'],
    ['are those of everybody where it has none', { all: `{ ${NIGHT}, timeZone: UTC }` }, undefined],
  ])('%s', (_name, given, expected) => {
    expect(load(given).config.routes[0]?.quietHours).toEqual(expected);
  });
});

describe('quiet hours without a time zone', () => {
  test.each<[name: string, given: Given, paths: string[]]>([
    ['of the file', { all: `{ ${NIGHT} }` }, ['quietHours']],
    ['of a route', { ofRoute: `{ ${NIGHT} }` }, ['routes[0].quietHours']],
    ['of a contact', { ofContact: `quietHours: { ${NIGHT} }` }, ['contacts.alice.quietHours']],
    [
      'of all three',
      { all: `{ ${NIGHT} }`, ofRoute: `{ ${NIGHT} }`, ofContact: `quietHours: { ${NIGHT} }` },
      ['routes[0].quietHours', 'contacts.alice.quietHours', 'quietHours'],
    ],
    [
      'but not where the file names one',
      { all: `{ ${NIGHT}, timeZone: UTC }`, ofRoute: `{ ${NIGHT} }`, ofContact: `quietHours: { ${NIGHT} }` },
      [],
    ],
    ['but not where the route does', { ofRoute: `{ ${NIGHT}, timeZone: UTC }` }, []],
    ['but not where the contact has one', { ofContact: `timeZone: UTC, quietHours: { ${NIGHT} }` }, []],
    ['but not where there are none', { all: 'off', ofRoute: 'off', ofContact: 'quietHours: off' }, []],
  ])('are warned of: %s', (_name, given, paths) => {
    const { warnings } = load(given);
    expect(warnings.map(({ path }) => path)).toEqual(paths);
    for (const { message } of warnings) expect(message).toBe('use UTC for contacts without timeZone');
  });
});

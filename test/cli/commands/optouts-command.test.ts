import { describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { identifySender, phoneHash, phoneHashes } from '../../../src/alert/phone/phone.ts';
import type { OptOut } from '../../../src/ledger/opt-out/opt-outs.ts';
import { NOW } from '../../support/fixtures/history.ts';
import { CONTACT_PHONE, type } from '../recording-deps.ts';

const ALICE = phoneHash(CONTACT_PHONE as E164);
const optOuts: OptOut[] = [
  { phoneHash: ALICE, to: '+60*******789', since: new Date('2026-11-20T03:00:00Z'), source: 'inbound twilio-main' },
  { phoneHash: 'somebody', to: '+44*******123', since: new Date('2026-11-20T03:05:00Z'), source: 'provider twilio-main 21610' },
];

describe('optouts list', () => {
  test('shows since when, whose phone and by whose word', async () => {
    const { code, stdout, stderr } = await type(['optouts', 'list'], { optOuts });
    expect(stdout).toBe(
      'SINCE                    PHONE                  SOURCE\n' +
        '2026-11-20 03:00:00 UTC  +60*******789 (alice)  inbound twilio-main\n' +
        '2026-11-20 03:05:00 UTC  +44*******123          provider twilio-main 21610\n',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '2 opted out\n' });
  });

  test('--json gives the same to programs', async () => {
    const { stdout } = await type(['optouts', 'list', '--json'], { optOuts });
    expect(JSON.parse(stdout)).toEqual({
      optOuts: [
        { to: '+60*******789', contact: 'alice', since: '2026-11-20T03:00:00.000Z', source: 'inbound twilio-main' },
        { to: '+44*******123', contact: null, since: '2026-11-20T03:05:00.000Z', source: 'provider twilio-main 21610' },
      ],
    });
  });

  test('without opt-outs prints an empty list and exits 0', async () => {
    expect(await type(['optouts', 'list'])).toMatchObject({ code: 0, stdout: '', stderr: 'no opt-outs\n' });
  });
});

describe('optouts add and remove', () => {
  test.each([CONTACT_PHONE, '+60 12-345 6789', 'contact:alice'])('take %s', async (who) => {
    const added = await type(['optouts', 'add', who, '--json']);
    expect(added.calls).toContainEqual(['opt out', { phoneHash: ALICE, to: '+60*******789', since: NOW, source: 'operator' }]);
    expect(added.code).toBe(0);
    expect(JSON.parse(added.stdout)).toEqual({ to: '+60*******789', optedOut: true });
    const removed = await type(['optouts', 'remove', who, '--json'], { optOuts });
    expect(removed.calls).toContainEqual(['opt in', ALICE, NOW]);
    expect(removed).toMatchObject({ code: 0, stderr: expect.stringContaining('messages are allowed again') });
    expect(JSON.parse(removed.stdout)).toEqual({ to: '+60*******789', optedOut: false });
    expect(JSON.stringify([added.stderr, added.stdout, removed.stderr, removed.stdout])).not.toContain('23456');
  });

  test('take a number in a spelling that its network still uses', async () => {
    const { calls } = await type(['optouts', 'add', '+52 1 55 5555 0101']);
    const phone = phoneHash('+525555550101' as E164);
    expect(calls).toContainEqual(['opt out', { phoneHash: phone, to: '+52*******101', since: NOW, source: 'operator' }]);
  });

  test('remove takes back what is kept under either spelling of a mobile', async () => {
    const [own, former] = phoneHashes('+541155550102' as E164);
    const kept: OptOut = { phoneHash: former as string, to: '+54*******102', since: NOW, source: 'operator' };
    const { code, calls } = await type(['optouts', 'remove', '+54 9 11 5555 0102'], { optOuts: [kept] });
    expect(code).toBe(0);
    expect(calls).toContainEqual(['opt in', own, NOW]);
    expect(calls).toContainEqual(['opt in', former, NOW]);
  });

  test.each(['12345', '+225 07 12 34 56'])('remove takes the sender of a STOP that is no phone number: %s', async (sender) => {
    const { hashes, shown } = identifySender(sender);
    const kept: OptOut = { phoneHash: hashes[0], to: shown, since: NOW, source: 'inbound twilio-main' };
    const removed = await type(['optouts', 'remove', sender], { optOuts: [kept] });
    expect(removed).toMatchObject({ code: 0, stderr: expect.stringContaining('messages are allowed again') });
    expect(removed.calls).toContainEqual(['opt in', hashes[0], NOW]);
    expect((await type(['optouts', 'remove', sender])).code).toBe(2);
  });

  test('remove reports that there was nothing to remove', async () => {
    expect(await type(['optouts', 'remove', CONTACT_PHONE])).toMatchObject({ code: 0, stderr: '+60*******789: had not opted out\n' });
  });

  test.each(['add', 'remove'])('%s that is older than a newer reply has no effect, and reports that', async (command) => {
    const { code, stderr } = await type(['optouts', command, CONTACT_PHONE], { overruled: true });
    expect(code).toBe(1);
    expect(stderr).toContain('Nothing changed');
  });

  test.each([
    ['contact:nobody', 1, 'no contact is named "nobody" (there are alice, bob)'],
    ['contact:alicia', 1, '(did you mean "alice"?)'],
    ['contact:+60123456789', 1, 'no contact is named "+60*'],
    ['+12', 2, 'phone number'],
    ['60123456789.0', 2, 'looks like a spreadsheet number'],
    ['0123456789', 2, 'country code'],
  ])('of %s are refused', async (who, exit, told) => {
    const { code, stderr, calls } = await type(['optouts', 'add', who]);
    expect({ code, told: stderr.includes(told) }).toEqual({ code: exit, told: true });
    expect(calls.map(([name]) => name)).toEqual(['loadConfig']);
  });
});

import { describe, expect, test } from 'vitest';
import { messageId } from '../../../src/alert/id.ts';
import { describeAnswer } from '../../../src/cli/format/describe-live.ts';
import type { LiveAnswer } from '../../../src/cli/run/explain-live.ts';
import type { MessageHistory } from '../../../src/ledger/history/history.ts';
import { ProviderError, type StatusQuery, type VendorStatus } from '../../../src/provider/contract/provider.ts';
import { alertHistory, attempt, messageHistory } from '../../support/fixtures/history.ts';
import { CONTACT_PHONE, type, type World } from '../recording-deps.ts';

const PHONE = '+60123000001';
const delivered: VendorStatus = { kind: 'delivered', at: new Date('2026-11-20T03:00:05Z') };
const unclear: VendorStatus = { kind: 'unclear', error: new ProviderError('unknown_outcome', { code: 'no_number' }) };

/** A text that `twilio-main` accepted. */
const accepted = (phone: string, facts: Partial<MessageHistory> = {}) =>
  messageHistory({
    id: messageId('a-1', phone),
    to: `+60*******${phone.slice(-3)}`,
    state: 'accepted',
    provider: 'twilio-main',
    providerMessageId: 'SM1',
    attempts: [attempt()],
    ...facts,
  });

/** Types it with the messages as the ledger's, of one alert; `twilio-main` gives that answer. */
async function ask(argv: readonly string[], messages: readonly MessageHistory[], answer: VendorStatus = delivered, world: World = {}) {
  const asked: StatusQuery[] = [];
  const status = async (query: StatusQuery) => {
    asked.push(query);
    return answer;
  };
  const providers = { 'twilio-main': { status } };
  const ran = await type(['explain', ...argv], { alerts: [alertHistory({ messages })], providers, ...world });
  return { ...ran, asked, lines: ran.stdout.trimEnd().split('\n') };
}

describe('explain --live', () => {
  test('queries the provider, and shows its current answer below the trace', async () => {
    const { code, lines, stderr, asked, calls } = await ask(['--live', 'a-1'], [accepted(PHONE)]);
    expect(lines[0]).toMatch(/^Texted/);
    expect(lines.slice(-2)).toEqual(['', 'twilio-main reports: delivered 2026-11-20 03:00:05 UTC']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(asked).toEqual([{ id: messageId('a-1', PHONE), providerMessageId: 'SM1', sentAt: new Date('2026-11-20T03:00:00.700Z') }]);
    expect(calls.map(([name]) => name)).toEqual(['loadConfig', 'read alert', 'close traces', 'open provider', 'close provider']);
  });

  test('without it no provider is queried', async () => {
    expect((await ask(['a-1'], [accepted(PHONE)])).calls.map(([name]) => name)).not.toContain('open provider');
  });

  test('one message by its id as well', async () => {
    const message = accepted(PHONE);
    const { lines } = await ask(['--live', message.id], [], delivered, { alerts: [], message });
    expect(lines.at(-1)).toMatch(/^twilio-main reports: delivered/);
  });

  test('gives the vendor the full number of a contact only', async () => {
    const { asked } = await ask(
      ['--live', 'a-1'],
      [accepted(CONTACT_PHONE, { contact: 'alice' }), accepted(PHONE), accepted('+60123000009', { contact: 'bob' })],
    );
    // The contact bob has another number now than when he was texted.
    expect(asked.map(({ to }) => to)).toEqual([CONTACT_PHONE, undefined, undefined]);
  });

  test('takes a whole number from --to, in any spelling, and several of them', async () => {
    const { asked } = await ask(
      ['--live', 'a-1', '--to', '+60 12-300 0001', '--to', '+60123000002'],
      [accepted(PHONE), accepted('+60123000002'), accepted('+60123000003')],
    );
    expect(asked.map(({ to }) => to)).toEqual([PHONE, '+60123000002', undefined]);
  });

  test.each<[argv: string[], said: string]>([
    [['--live', '--to', '+60999000001'], '--to: not the number of the message, sent to +60*******001'],
    [['--live', '--to', '+60'], '--to: not a possible phone number'],
    [['--to', PHONE], '--to requires --live'],
  ])('%j is a usage error, and no provider is queried', async (argv, said) => {
    const { code, stdout, stderr, asked } = await ask(['a-1', ...argv], [accepted(PHONE)]);
    expect(stderr).toContain(said);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(asked).toEqual([]);
  });

  test('queries the provider of a message with unknown outcome', async () => {
    const held = accepted(PHONE, { state: 'unknown', providerMessageId: null, attempts: [attempt({ result: 'unknown' })] });
    const { asked } = await ask(['--live', 'a-1'], [held]);
    expect(asked).toMatchObject([{ id: held.id }]);
    expect(asked[0]).not.toHaveProperty('providerMessageId');
  });

  test('several messages have a line each, and those without a queryable provider have none', async () => {
    const messages = [accepted(PHONE), accepted('+60123000002', { contact: 'carol' }), messageHistory({ id: 'm-3', state: 'suppressed' })];
    const { lines } = await ask(['--live', 'a-1'], messages);
    expect(lines.slice(-3)).toEqual([
      '',
      '+60*******001          twilio-main reports: delivered 2026-11-20 03:00:05 UTC',
      '+60*******002 (carol)  twilio-main reports: delivered 2026-11-20 03:00:05 UTC',
    ]);
  });

  test('when no provider may have a message of it, reports that', async () => {
    const { lines, code } = await ask(['--live', 'a-1'], [messageHistory({ state: 'suppressed' })]);
    expect(lines.at(-1)).toBe('No provider may have a message of it, so there is none to query.');
    expect(code).toBe(0);
  });

  test('an unclear answer without the number has a hint to pass it', async () => {
    const { lines } = await ask(['--live', 'a-1'], [accepted(PHONE)], unclear);
    expect(lines.at(-1)).toMatch(/^twilio-main: unclear, .*\(unknown_outcome \(no_number\)\); .*--to/);
    expect((await ask(['--live', 'a-1', '--to', PHONE], [accepted(PHONE)], unclear)).lines.at(-1)).not.toContain('--to');
  });

  test('a provider that cannot be asked, or that the config no longer has', async () => {
    const by = (provider: string) => accepted(PHONE, { provider, attempts: [attempt({ provider })] });
    expect((await ask(['--live', 'a-1'], [by('desk')])).lines.at(-1)).toMatch(/^desk cannot be queried: this vendor/);
    expect((await ask(['--live', 'a-1'], [by('gone')])).lines.at(-1)).toBe('gone cannot be queried: the config no longer has it');
  });

  test('an adapter that throws is a bug in it, and no reason to hide the trace', async () => {
    const status = () => Promise.reject(new TypeError('boom'));
    const { lines, stderr, code } = await ask(['--live', 'a-1'], [accepted(PHONE)], delivered, {
      providers: { 'twilio-main': { status } },
    });
    expect(lines.at(-1)).toMatch(/^twilio-main: unclear/);
    expect(stderr).toContain('twilio-main: a bug in its adapter: TypeError: boom');
    expect(code).toBe(0);
  });

  test('opens a provider once for many messages, and sends at most five queries concurrently', async () => {
    const messages = Array.from({ length: 12 }, (_, nth) => accepted(`+6012300${String(nth).padStart(4, '0')}`));
    let [atOnce, most] = [0, 0];
    const status = async (): Promise<VendorStatus> => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return delivered;
    };
    const { calls, lines } = await ask(['--live', 'a-1'], messages, delivered, { providers: { 'twilio-main': { status } } });
    expect(calls.filter(([name]) => name === 'open provider')).toHaveLength(1);
    expect(lines.filter((line) => line.includes('reports: delivered'))).toHaveLength(12);
    expect(most).toBe(5);
  });

  test('--json adds `live` to each message', async () => {
    const messages = [accepted(PHONE), messageHistory({ id: 'm-3', state: 'suppressed' })];
    const { stdout } = await ask(['--live', '--json', 'a-1'], messages);
    const printed = JSON.parse(stdout) as { messages: { live: unknown }[] };
    expect(printed.messages.map(({ live }) => live)).toEqual([
      { provider: 'twilio-main', status: 'delivered', at: '2026-11-20T03:00:05.000Z' },
      null,
    ]);
    const one = accepted(PHONE);
    const alone = await ask(['--live', '--json', one.id], [], unclear, { alerts: [], message: one });
    expect(JSON.parse(alone.stdout)).toMatchObject({
      id: one.id,
      live: { provider: 'twilio-main', status: 'unclear', reason: 'unknown_outcome', code: 'no_number' },
    });
  });
});

describe('the answer of a provider, as text', () => {
  const words = (status: LiveAnswer['status'], numberKnown = true) => describeAnswer({ provider: 'p', status, numberKnown });

  test.each<[LiveAnswer['status'], string]>([
    [{ kind: 'delivered' }, 'p reports: delivered'],
    [{ kind: 'undelivered' }, 'p reports: not delivered'],
    [{ kind: 'undelivered', code: '30003' }, 'p reports: not delivered (30003)'],
    [{ kind: 'pending' }, 'p reports: accepted, delivery not yet known'],
    [{ kind: 'absent' }, 'p reports: it never accepted this message'],
    [
      { kind: 'unclear', error: new ProviderError('auth', { code: '20003', status: 401 }) },
      'p: unclear, it rejects our credentials, or they lack the permission (auth (20003) [HTTP 401])',
    ],
    [
      { kind: 'unclear', error: new ProviderError('unavailable', { code: 'ECONNREFUSED' }) },
      'p: unclear, it is unreachable or unavailable (unavailable (ECONNREFUSED))',
    ],
  ])('%j', (status, said) => {
    expect(words(status)).toBe(said);
  });
});

import { expect, it } from 'vitest';
import { createSessions, readSession, SESSION_MS, writeSession } from '../../../src/http/console/console-access.ts';
import { Secret } from '../../../src/setting/secret.ts';

const [first, second] = [new Secret('first-token'), new Secret('second-token')];
const now = new Date('2026-11-20T03:00:00Z');
const after = (ms: number) => new Date(now.getTime() + ms);
const session = createSessions([first, second]).issue(second, now);

it('a session holds for twelve hours, in every process with the same tokens', () => {
  const replica = createSessions([second, first]);
  expect([0, SESSION_MS - 1, SESSION_MS].map((ms) => replica.holds(session, after(ms)))).toEqual([true, true, false]);
});

it('a session ends with the token that opened it, and not with another one', () => {
  expect(createSessions([first]).holds(session, now)).toBe(false);
  expect(createSessions([second]).holds(session, now)).toBe(true);
  expect(createSessions([]).holds(session, now)).toBe(false);
});

it.each([
  ['a later end', session.replace(/^\d/, (digit) => String(Number(digit) + 1))],
  ['another proof', session.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')).replace(/\.(.)/, (_, c) => `.${c === 'x' ? 'y' : 'x'}`)],
  ['no proof', session.replace(/\..*/, '.')],
  ['nothing', ''],
  ['the token itself', 'second-token'],
])('a session with %s does not hold', (_, forged) => {
  expect(createSessions([first, second]).holds(forged, now)).toBe(false);
});

it('the cookie is out of reach of scripts and other sites, and is found among others', () => {
  expect(writeSession(session, true)).toBe(
    `sms-dispatch-console=${session}; Path=/console; Max-Age=43200; HttpOnly; SameSite=Strict; Secure`,
  );
  expect(writeSession('', false)).toBe('sms-dispatch-console=; Path=/console; Max-Age=0; HttpOnly; SameSite=Strict');
  expect(readSession(`other=1; sms-dispatch-console=${session}; x-sms-dispatch-console=no`)).toBe(session);
  expect(readSession('x-sms-dispatch-console=no')).toBeUndefined();
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../src/provider/contract/provider.ts';
import { createProvider, type ProviderConfig } from '../../../src/provider/registry.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { createSettableClock } from '../../support/settable-clock.ts';
import { type FakeTwilio, startFakeTwilio } from '../../support/vendors/twilio.ts';
import { SECRET, type, type World } from '../recording-deps.ts';

const right: Check = { subject: 'credentials', verdict: 'ok', detail: 'the account answers' };
const slow: Check = { subject: 'clock', verdict: 'warning', detail: 'this clock is 70 s behind' };
const wrong: Check = { subject: 'sender', verdict: 'failed', detail: 'no such number' };
const twilio = (...checks: readonly Check[]): World => ({ providers: { 'twilio-main': { check: async () => checks } } });

describe('providers check', () => {
  test('shows what was looked at, and fails when anything failed', async () => {
    const { code, stdout, stderr, calls } = await type(['providers', 'check'], twilio(right, slow, wrong));
    expect(stdout).toBe(
      `PROVIDER     CHECK        VERDICT      DETAIL
twilio-main  credentials  ✓ ok         the account answers
twilio-main  clock        ! warning    this clock is 70 s behind
twilio-main  sender       ✗ failed     no such number
desk         -            – unchecked  this type cannot be checked without sending a message
`,
    );
    expect(stderr).toBe('');
    expect(code).toBe(1);
    expect(calls.filter(([name]) => name === 'close provider').map(([, provider]) => provider)).toEqual(
      expect.arrayContaining(['desk', 'twilio-main']),
    );
  });

  test('a warning, and what cannot be checked, do not fail', async () => {
    expect((await type(['providers', 'check'], twilio(right, slow))).code).toBe(0);
    expect((await type(['providers', 'check'], twilio())).stdout).toMatch(/^twilio-main +- +– unchecked/m);
  });

  test('checks only the named ones, each once', async () => {
    const { stdout, calls } = await type(['providers', 'check', 'desk', 'desk', '--config', 'x.yaml'], twilio(wrong));
    expect(stdout).not.toContain('twilio-main');
    expect(calls).toEqual([
      ['loadConfig', 'x.yaml'],
      ['open provider', 'desk'],
      ['close provider', 'desk'],
    ]);
  });

  test.each([
    ['twillio', 'no provider is named "twillio" (did you mean "twilio-main"?)'],
    ['zzz', 'no provider is named "zzz" (there are twilio-main, desk)'],
  ])('an unknown name (%s) is wrong usage, and nothing is asked', async (name, said) => {
    const { code, stdout, stderr, calls } = await type(['providers', 'check', 'desk', name]);
    expect(stderr).toContain(said);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(calls).toEqual([['loadConfig', undefined]]);
  });

  test('--json gives the same as data', async () => {
    const { code, stdout } = await type(['providers', 'check', '--json'], twilio(right, wrong));
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      checks: [
        { provider: 'twilio-main', type: 'twilio', ...right },
        { provider: 'twilio-main', type: 'twilio', ...wrong },
        {
          provider: 'desk',
          type: 'simulated',
          subject: null,
          verdict: 'unchecked',
          detail: 'this type cannot be checked without sending a message',
        },
      ],
    });
    expect(code).toBe(1);
  });

  test('a check that throws is the adapter failed unexpectedly (a bug), failed, and hides no other', async () => {
    const { code, stdout, stderr } = await type(['providers', 'check'], {
      providers: {
        'twilio-main': { check: () => Promise.reject(new TypeError('about +60123456789')) },
        desk: { check: async () => [right] },
      },
    });
    expect(stdout).toContain('twilio-main  -            ✗ failed  the adapter failed unexpectedly (a bug)\n');
    expect(stdout).toContain('desk         credentials  ✓ ok');
    expect(stderr).toMatch(/^twilio-main: a bug in its adapter: TypeError: about \+60\*{7}789\n {4}at /);
    expect(code).toBe(1);
  });

  test('all are asked side by side, each for as long as its timeout', async () => {
    let arrived = 0;
    let all: () => void = () => undefined;
    const together = new Promise<void>((resolve) => {
      all = resolve;
    });
    const check = async (signal: AbortSignal) => {
      arrived += 1;
      if (arrived === 2) all();
      await together;
      expect(signal.aborted).toBe(false);
      return [right];
    };
    const { code } = await type(['providers', 'check'], { providers: { 'twilio-main': { check }, desk: { check } } });
    expect(code).toBe(0);
  });

  test('one unknown; a check that does not answer in time is aborted, and abandoned when it ignores the abort', async () => {
    const never = () => new Promise<never>(() => undefined);
    const heeds = (signal: AbortSignal) =>
      new Promise<readonly Check[]>((resolve) => signal.addEventListener('abort', () => resolve([wrong]), { once: true }));
    const { code, stdout } = await type(['providers', 'check'], {
      timeoutMs: 50,
      providers: { 'twilio-main': { check: never }, desk: { check: heeds } },
    });
    expect(stdout).toContain('✗ failed  no answer within 50ms, the timeout of the provider');
    expect(stdout).toContain('✗ failed  no such number');
    expect(code).toBe(1);
  });

  test("a provider's own deadline comes first, and is named in the result", async () => {
    const waits = (signal: AbortSignal) =>
      new Promise<readonly Check[]>((resolve) => {
        signal.addEventListener('abort', () => resolve([wrong]), { once: true });
        setTimeout(() => resolve([slow]), 50);
      });
    const { code, stdout } = await type(['providers', 'check'], { timeoutMs: 50, providers: { 'twilio-main': { check: waits } } });
    expect(stdout).toContain('! warning    this clock is 70 s behind');
    expect(code).toBe(0);
  });

  test('on a terminal a line names the pending providers, and is removed at the end', async () => {
    const { stderr } = await type(['providers', 'check'], { ...twilio(right), isTTY: true });
    expect(stderr).toContain('checking: 0 of 2 done, waiting for twilio-main, desk');
    expect(stderr).toMatch(/checking: 1 of 2 done/);
    expect(stderr.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('providers check at a real vendor', () => {
  let vendor: FakeTwilio;
  beforeAll(async () => {
    vendor = await startFakeTwilio({ accountSid: 'AC1', authToken: SECRET });
  });
  afterAll(() => vendor.close());

  const settings = (authToken: string) =>
    ({
      type: 'twilio',
      baseUrl: vendor.url,
      timeoutMs: 5000,
      accountSid: 'AC1',
      authToken: new Secret(authToken),
      from: '+15005550006',
    }) as ProviderConfig;

  test.each([
    [SECRET, 'ok'],
    ['wrong', 'failed'],
  ])('distinguishes valid credentials from invalid ones, and sends no message', async (authToken, verdict) => {
    const provider = await createProvider('twilio-main', settings(authToken), { ...noDeps, clock: createSettableClock(Date.now()) });
    const { stdout } = await type(['providers', 'check', 'twilio-main', '--json'], { providers: { 'twilio-main': provider } });
    const { checks } = JSON.parse(stdout) as { checks: Check[] };
    expect(checks.find(({ subject }) => subject === 'credentials')).toMatchObject({ verdict });
    expect(vendor.requests.map(({ method }) => method)).not.toContain('POST');
    expect(stdout).not.toContain(SECRET);
  });
});

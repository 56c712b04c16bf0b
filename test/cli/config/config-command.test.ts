import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EventWebhook } from '../../../src/channel/event-webhook-config.ts';
import { formatConfigSummary, summariseConfig } from '../../../src/cli/config/summarise-config.ts';
import { ConfigError } from '../../../src/config/fault.ts';
import { CONTACT_PHONE, config, SECRET, type } from '../recording-deps.ts';

describe('config check', () => {
  test('prints OK and a summary of the config', async () => {
    const { code, stdout, stderr } = await type(['config', 'check']);
    await expect(stdout).toMatchFileSnapshot('../../pages/config-check.txt');
    expect(stdout.split('\n')[0]).toBe('OK config/sms-dispatch.yaml');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test.each([[['config', 'check', 'x.yaml']], [['config', 'check', '--config', 'x.yaml']]])('%j checks that file', async (argv) => {
    expect((await type(argv)).calls).toEqual([['loadConfig', 'x.yaml']]);
  });

  test('prints all faults on stderr, exit 1, and with --json as data too', async () => {
    const faults = [
      { path: 'caps.perHour.max', file: 'x.yaml', line: 4, value: '0', message: 'must be 1 or more' },
      { path: 'routs', file: 'x.yaml', line: 7, message: 'unknown key', hint: 'did you mean routes?' },
    ];
    const { code, stdout, stderr } = await type(['config', 'check', '--json'], {
      loadConfig: () => {
        throw new ConfigError(faults);
      },
    });
    const error = { message: 'the config has 2 faults', errors: faults };
    expect(JSON.parse(stderr)).toEqual({ error });
    expect(JSON.parse(stdout)).toEqual({ ok: false, error });
    expect(code).toBe(1);
    const told = await type(['config', 'check'], {
      loadConfig: () => {
        throw new ConfigError(faults);
      },
    });
    expect(told.stderr).toBe(`error: the config has 2 faults
  x.yaml:4 caps.perHour.max: must be 1 or more, got 0
  x.yaml:7 routs: unknown key (did you mean routes?)
`);
    expect(told.stdout).toBe('');
  });

  test('a warning goes to stderr and does not make the config wrong', async () => {
    const warnings = [{ path: 'contacts.bob', file: 'x.yaml', line: 12, message: 'receives no messages: consent is not given' }];
    const { code, stdout, stderr } = await type(['config', 'check', 'x.yaml'], { warnings });
    expect(stderr).toBe('warning: x.yaml:12 contacts.bob: receives no messages: consent is not given\n');
    expect(stdout).toMatch(/^OK x\.yaml\n/);
    expect(code).toBe(0);
    const asData = await type(['config', 'check', '--json'], { warnings });
    expect(JSON.parse(asData.stdout)).toMatchObject({ ok: true, warnings });
  });

  test('--json gives the same as data, without secrets and phone numbers', async () => {
    const { stdout } = await type(['config', 'check', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      path: 'config/sms-dispatch.yaml',
      providers: [
        { name: 'twilio-main', type: 'twilio' },
        { name: 'desk', type: 'simulated' },
      ],
      routes: [
        { name: 'login-codes', match: { purpose: 'verification', 'labels.team': '/^pay/' } },
        { name: 'default', minSeverity: null },
      ],
      caps: { perRecipient: [{ max: 5, perMs: 3_600_000 }], perHour: { max: 100, criticalReserve: 20 } },
      contacts: 2,
    });
    expect(stdout).not.toContain(SECRET);
    expect(stdout).not.toContain(CONTACT_PHONE);
  });

  test('webhooks that receive outcomes, and an open console, are listed', () => {
    const types = ['message.delivered', 'message.failed'] as const;
    const events = new Map([['erp', { types } as unknown as EventWebhook]]);
    const text = formatConfigSummary(summariseConfig({ ...config, events, http: { ...config.http, console: true } }));
    expect(text).toMatch(/^events {5}erp: message\.delivered, message\.failed$/m);
    expect(text).toMatch(/^console {4}on$/m);
  });

  test('caps that are off and a provider that no route uses are said', () => {
    const bare = { ...config, routes: [], caps: { ...config.caps, perRecipient: [], perHour: undefined } };
    const text = formatConfigSummary(summariseConfig(bare));
    expect(text).toContain('each phone: off');
    expect(text).toContain('all phones: off');
    expect(text).toContain('desk (simulated), used by no route');
    expect(text).toMatch(/^routes {5}none$/m);
  });

  test('shows which providers share the messages of a route, and which ones send to a country', () => {
    const [first, ...rest] = config.routes;
    if (first === undefined) throw new Error('the config has routes');
    const providers = [{ name: 'twilio-main', weight: 3 }, { name: 'desk', weight: 1 }, 'spare'];
    const text = formatConfigSummary(
      summariseConfig({ ...config, routes: [{ ...first, providers, countries: { '86': ['cn', 'desk'] } }, ...rest] }),
    );
    expect(text).toContain(', by twilio-main (3) or desk (1), then spare; +86 by cn, then desk');
  });
});

describe('config check --explain', () => {
  const file = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'sms-explain-')), 'alert.json');
    onTestFinished(() => rmSync(dirname(path), { recursive: true }));
    writeFileSync(path, text);
    return path;
  };

  test('shows which route an alert takes and its text, without contacting any server', async () => {
    const path = file('{"to":"contact:alice","severity":"critical","text":"Disk full","source":"a"}');
    const { code, stdout, calls } = await type(['config', 'check', 'x.yaml', '--explain', path]);
    expect(stdout).toContain('route        default\nnot          login-codes: purpose is alert, wants verification\n');
    expect(stdout).toContain('CRITICAL: Disk full');
    expect(stdout).not.toContain(CONTACT_PHONE);
    expect([code, calls]).toEqual([0, [['loadConfig', 'x.yaml']]]);
  });

  test('--json gives the same as data', async () => {
    const path = file('{"to":"contact:alice","severity":"info","text":"x","source":"a"}');
    const { stdout } = await type(['config', 'check', '--explain', path, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      passedOver: [{ route: 'login-codes', key: 'purpose', wanted: 'verification', found: 'alert' }],
      policy: { route: 'default', minSeverity: 'critical', dedupeForMs: 1_800_000 },
      stops: 'below_severity',
      recipients: [{ to: '+60*******789', contact: 'alice', text: 'INFO: x', segments: 1 }],
    });
    expect(stdout).not.toContain(CONTACT_PHONE);
  });

  test.each([
    ['no alert', '{"severity":"critical"}', 'error: the alert was rejected'],
    ['no JSON', 'Disk full', 'is not JSON'],
  ])('refuses what is %s', async (_what, text, message) => {
    const { code, stderr } = await type(['config', 'check', '--explain', file(text)]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test('refuses a file that is not there', async () => {
    const { code, stderr } = await type(['config', 'check', '--explain', '/nowhere.json']);
    expect([code, stderr]).toEqual([1, 'error: file not found: /nowhere.json\n']);
  });
});

describe('providers list', () => {
  test('shows names, types, routes and limits', async () => {
    const { code, stdout, stderr } = await type(['providers', 'list']);
    expect(stdout).toBe(
      `NAME         TYPE       ROUTES               TIMEOUT  PER SECOND  CONCURRENT  COUNTRIES
twilio-main  twilio     login-codes,default  15s      10          -           +60,+65
desk         simulated  login-codes          1m30s    -           -           all
`,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('--json names the same fields and nothing else, so no secret', async () => {
    const { stdout } = await type(['providers', 'list', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      providers: [
        {
          name: 'twilio-main',
          type: 'twilio',
          routes: ['login-codes', 'default'],
          timeoutMs: 15_000,
          maxPerSecond: 10,
          maxConcurrent: null,
          countries: ['60', '65'],
        },
        {
          name: 'desk',
          type: 'simulated',
          routes: ['login-codes'],
          timeoutMs: 90_000,
          maxPerSecond: null,
          maxConcurrent: null,
          countries: null,
        },
      ],
    });
  });
});

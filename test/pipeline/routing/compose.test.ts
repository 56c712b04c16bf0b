import { describe, expect, test } from 'vitest';
import type { AlertInput } from '../../../src/alert/alert.ts';
import { messageId } from '../../../src/alert/id.ts';
import { parseAlert } from '../../../src/alert/parse/parse-alert.ts';
import { type E164, phoneHash } from '../../../src/alert/phone/phone.ts';
import type { Config } from '../../../src/config/config.ts';
import { type Message, messageSchema } from '../../../src/pipeline/message.ts';
import type { AlertSubject } from '../../../src/pipeline/routing/alert-stages.ts';
import { type ComposeConfig, composeMessages } from '../../../src/pipeline/routing/compose.ts';
import type { Recipient } from '../../../src/pipeline/routing/recipients.ts';
import { shapeContent } from '../../../src/pipeline/sending/shape-message.ts';
import type { Policy } from '../../../src/policy/route.ts';

const RECEIVED = Date.parse('2026-11-20T03:00:00Z');
const TEMPLATES: Config['templates'] = new Map([
  [
    'login-code',
    { text: 'Your code is {code}, valid {minutes} minutes', languages: { ms: { text: 'Kod anda {code}, sah {minutes} minit' } } },
  ],
  ['disk', { text: '{instance} {priority}/{severity}: {text} ({content}) {source} {team} {toString}' }],
  ['long', { text: `${'x'.repeat(160)}{more}` }],
]);
const POLICY: Policy = {
  route: 'default',
  minSeverity: 'critical',
  dedupeForMs: 1_800_000,
  expiresAfterMs: 3_600_000,
  providers: ['twilio-main', 'sns'],
  overflow: 'defer',
  onUnknown: 'resend',
};
const ALICE: Recipient = { phone: '+60123456789' as E164, contact: 'alice', consent: true };
const BARE: Recipient = { phone: '+6581234567' as E164, consent: true };

function compose(
  alert: Omit<AlertInput, 'to'>,
  recipients: readonly Recipient[] = [ALICE],
  policy: Policy = POLICY,
  config: Partial<ComposeConfig> = {},
): Message[] {
  const subject: AlertSubject = {
    id: 'order-42',
    alert: parseAlert({ to: '+60123456789', ...alert }, { strictNumbers: true }),
    policy,
    dedupKey: 'k',
    dedupHash: 'h',
    receivedAt: RECEIVED,
  };
  return composeMessages(subject, recipients, { templates: TEMPLATES, quietHours: undefined, providers: new Map(), ...config });
}
const one = (alert: Omit<AlertInput, 'to'>, policy: Partial<Policy> = {}) =>
  compose(alert, [ALICE], { ...POLICY, ...policy })[0] as Message;

/** What the phone shows. */
const shown = (alert: Omit<AlertInput, 'to'>, policy: Partial<Policy> = {}, templates: Config['templates'] = TEMPLATES) => {
  const [message] = compose(alert, [ALICE], { ...POLICY, acknowledge: true, ...policy }, { templates }) as [Message];
  const { text, variables, ackCode, template } = message;
  return {
    ...shapeContent({ text, variables, ackCode, ...(template === undefined ? {} : { template }) }, 'gsm7'),
    code: ackCode as string,
  };
};

describe('{ack} in a parameter of a text is data', () => {
  const templates: Config['templates'] = new Map([
    ['own', { text: '{disk} is full, {ack} if you look' }],
    ['plain', { text: '{disk} is full' }],
    ['fallback', { text: '{instance} {team} {source}: {text}, {ack}' }],
  ]);
  test.each<[alert: Omit<AlertInput, 'to'>, policy: Partial<Policy>, text: (code: string) => string]>([
    [
      { severity: 'critical', template: { name: 'own', params: { disk: 's{ack}a' } } },
      {},
      (code) => `s{ack}a is full, ${code} if you look`,
    ],
    [{ severity: 'critical', template: { name: 'plain', params: { disk: '{ack}' } } }, {}, () => '{ack} is full'],
    [
      { severity: 'critical', template: { name: 'own', params: { disk: '{\u0001ack}' } } },
      {},
      (code) => `{ack} is full, ${code} if you look`,
    ],
    [
      { severity: 'critical', template: { name: 'own', params: { disk: '{{ack}}{code}' } } },
      {},
      (code) => `{{ack}}{code} is full, ${code} if you look`,
    ],
    [{ severity: 'critical', template: { name: 'plain', params: { disk: '{ack}' } } }, { acknowledge: false }, () => '{ack} is full'],
    [
      { severity: 'critical', instance: 'db{ack}', text: 'Disk full' },
      {},
      (code) => `Instance: db{ack}, Priority: CRITICAL, Content: Disk full Ack: reply ${code}`,
    ],
    [
      { severity: 'critical', instance: '{ack}', source: '{ack}', labels: { team: '{ack}' }, text: 'Disk full' },
      { template: 'fallback' },
      (code) => `{ack} {ack} {ack}: Disk full, ${code}`,
    ],
    [{ severity: 'critical', text: '{ack}: Disk full' }, {}, (code) => `CRITICAL: ${code}: Disk full`],
  ])('%j, %j', (alert, policy, text) => {
    const { text: sent, code, template } = shown(alert, policy, templates);
    expect(sent).toBe(text(code));
    expect(JSON.stringify(template ?? {})).not.toContain('u0001');
  });
});

test.each([
  ['\u0000\u0007a\u001b[31mb\u0085', 'a[31mb'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['half \ud83d', 'half \ufffd'],
  ['\u0008\u007f1234\u009f', '1234'],
])('control characters in a param are left out as in a text: %j', (code, said) => {
  const { text, template } = one({ severity: 'critical', template: { name: 'login-code', params: { code, minutes: '5' } } });
  expect(text).toBe(`Your code is ${said}, valid 5 minutes`);
  expect(template?.params.code).toBe(said);
  expect(one({ severity: 'critical', text: `x${code}` }).text).toBe(`CRITICAL: x${said}`);
});

describe('the text of a message, byte for byte', () => {
  test.each<[name: string, alert: Omit<AlertInput, 'to'>, text: string, variables: Message['variables']]>([
    [
      'with an instance',
      { severity: 'critical', instance: 'db-1:5432', text: 'Database unreachable' },
      'Instance: db-1:5432, Priority: CRITICAL, Content: Database unreachable',
      { instance: 'db-1:5432', priority: 'CRITICAL', content: 'Database unreachable' },
    ],
    [
      'without one',
      { severity: 'critical', text: 'Disk full' },
      'CRITICAL: Disk full',
      { instance: '', priority: 'CRITICAL', content: 'Disk full' },
    ],
    [
      'under an alias',
      { severity: 'warn', text: 'Disk full' },
      'WARNING: Disk full',
      { instance: '', priority: 'WARNING', content: 'Disk full' },
    ],
    [
      'from a template, whose severity and instance it does not say',
      { severity: 'info', instance: 'i', template: { name: 'login-code', params: { code: '1234', minutes: 5 } } },
      'Your code is 1234, valid 5 minutes',
      { instance: 'i', priority: 'INFO', content: 'Your code is 1234, valid 5 minutes' },
    ],
    [
      'from a template that is filled once',
      { severity: 'info', template: { name: 'login-code', params: { code: '{minutes}', minutes: "$&$'" } } },
      "Your code is {minutes}, valid $&$' minutes",
      { instance: '', priority: 'INFO', content: "Your code is {minutes}, valid $&$' minutes" },
    ],
  ])('%s', (_name, alert, text, variables) => {
    expect(one(alert)).toMatchObject({ text, variables });
  });

  test('its segments are those of the whole text', () => {
    expect(one({ severity: 'critical', text: 'x'.repeat(150) }).segments).toBe(1);
    expect(one({ severity: 'critical', text: 'x'.repeat(151) }).segments).toBe(2);
    expect(one({ severity: 'critical', text: '中'.repeat(61) }).segments).toBe(2);
    expect(one({ severity: 'info', template: { name: 'long', params: { more: '' } } }).segments).toBe(1);
    expect(one({ severity: 'info', template: { name: 'long', params: { more: 'x' } } }).segments).toBe(2);
  });
});

describe('the template of a route', () => {
  const disk = { template: 'disk' };

  test('is filled with what an alert of text says, and with a dash for what it does not', () => {
    const { text, template, variables } = one({ severity: 'critical', text: 'Disk full', source: 'node', labels: { team: 'db' } }, disk);
    expect(text).toBe('- CRITICAL/CRITICAL: Disk full (Disk full) node db -');
    expect(template).toEqual({
      name: 'disk',
      params: {
        instance: '-',
        priority: 'CRITICAL',
        severity: 'CRITICAL',
        text: 'Disk full',
        content: 'Disk full',
        source: 'node',
        team: 'db',
        toString: '-',
      },
      exact: false,
    });
    expect(variables).toEqual({ instance: '', priority: 'CRITICAL', content: 'Disk full' });
  });

  test('takes from a label what the alert has no field for, and a field before a label', () => {
    const params = (alert: Partial<AlertInput>) => one({ severity: 'critical', text: 'x', ...alert }, disk).template?.params.instance;
    expect(params({ labels: { instance: 'from-label' } })).toBe('from-label');
    expect(params({ instance: 'own', labels: { instance: 'from-label' } })).toBe('own');
    expect(params({ labels: { instance: '' } })).toBe('-');
  });

  test('gives way to the one that an alert names', () => {
    const { template } = one({ severity: 'info', template: { name: 'login-code', params: { code: '1', minutes: '5' } } }, disk);
    expect(template).toEqual({ name: 'login-code', params: { code: '1', minutes: '5' }, exact: true });
  });
});

test('the settings of a route for the text go along, and the segments are those after them', () => {
  const message = one({ severity: 'critical', text: `“${'x'.repeat(400)}”` }, { maxSegments: 2, transliterate: true });
  expect(message).toMatchObject({ segments: 2, maxSegments: 2, transliterate: true });
  expect(message.text).toContain('”');
  expect(messageSchema.parse(JSON.parse(JSON.stringify(message)))).toStrictEqual(message);
  expect(one({ severity: 'critical', text: `“${'x'.repeat(400)}”` }, { transliterate: true }).segments).toBe(3);
});

test('each recipient has a message of its own, the same whenever the alert is routed again', () => {
  const alert = { severity: 'critical', text: 'Disk full' } as const;
  const messages = compose(alert, [ALICE, BARE]);
  expect(messages.map(({ id, to, contact }) => ({ id, to, contact }))).toEqual([
    { id: messageId('order-42', '+60123456789'), to: '+60123456789', contact: 'alice' },
    { id: messageId('order-42', '+6581234567'), to: '+6581234567', contact: undefined },
  ]);
  expect(compose(alert, [ALICE, BARE])).toEqual(messages);
  expect(compose(alert, [])).toEqual([]);
});

test('two spellings of one mobile give one message id and one phone for caps, claims and opt-outs', () => {
  const [one, other] = ['+5491155550102', '+541155550102'].map((phone) =>
    compose({ severity: 'critical', text: 'Disk full' }, [{ phone: phone as E164, consent: true }]).map(({ id, phoneHash }) => ({
      id,
      phoneHash,
    })),
  );
  expect(other).toEqual(one);
});

test('a message keeps the promise that its route made', () => {
  expect(one({ severity: 'critical', purpose: 'notification', text: 'Disk full' })).toEqual({
    id: messageId('order-42', '+60123456789'),
    alertId: 'order-42',
    to: '+60123456789',
    phoneHash: phoneHash('+60123456789' as E164),
    contact: 'alice',
    needsConsent: true,
    severity: 'critical',
    purpose: 'notification',
    text: 'CRITICAL: Disk full',
    segments: 1,
    variables: { instance: '', priority: 'CRITICAL', content: 'Disk full' },
    receivedAt: RECEIVED,
    expiresAt: RECEIVED + 3_600_000,
    dedupHash: 'h',
    dedupeForMs: 1_800_000,
    route: 'default',
    providers: ['twilio-main', 'sns'],
    overflow: 'defer',
    onUnknown: 'resend',
  });
});

test.each<[name: string, recipient: Recipient, consent: Policy['consent'], needs: true | undefined]>([
  ['a contact', ALICE, undefined, true],
  ['a contact, where the route says so', ALICE, 'required', true],
  ['nobody where the route asks for none', ALICE, 'exempt', undefined],
  ['nobody for a number that its producer vouches for', { ...ALICE, vouched: true }, undefined, undefined],
  ['nobody for a bare number', { ...BARE, vouched: true }, undefined, undefined],
])('a message needs the consent of %s', (_name, recipient, consent, needs) => {
  const policy = consent === undefined ? POLICY : { ...POLICY, consent };
  expect(compose({ severity: 'critical', text: 'Disk full' }, [recipient], policy)[0]?.needsConsent).toBe(needs);
});

test.each([
  ['2026-11-20T03:30:00Z', 1_800_000],
  ['2026-11-20T11:30:00+08:00', 1_800_000],
  ['2026-11-21T03:00:00Z', 86_400_000],
  ['2026-11-20T02:00:00Z', -3_600_000],
])("the producer's own deadline %s goes before the route's", (expiresAt, afterMs) => {
  expect(one({ severity: 'critical', text: 'x', expiresAt }).expiresAt).toBe(RECEIVED + afterMs);
});

test.each<Omit<AlertInput, 'to'>>([
  { severity: 'critical', text: 'Disk full' },
  { severity: 'info', template: { name: 'login-code', params: { code: '1', minutes: '5' } } },
])('a message comes through the queue as it went in: $severity', (alert) => {
  for (const message of compose(alert, [ALICE, BARE])) {
    expect(messageSchema.parse(JSON.parse(JSON.stringify(message)))).toStrictEqual(message);
  }
});

test('each phone has the failover order of its calling code, and its own lot among providers that share', () => {
  const shared = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 1 },
  ];
  const crowd = Array.from({ length: 40 }, (_, n): Recipient => ({ phone: `+6012345${1000 + n}` as E164, consent: true }));
  const compose40 = () =>
    compose({ severity: 'critical', text: 'x' }, [BARE, ...crowd], { ...POLICY, providers: shared, countries: { '65': ['sns'] } });
  const [singapore, ...rest] = compose40().map(({ providers }) => providers);
  expect(singapore).toEqual(['sns']);
  expect(new Set(rest.map((order) => order.join()))).toEqual(new Set(['a,b', 'b,a']));
  expect(compose40().map(({ providers }) => providers)).toEqual([singapore, ...rest]);
});

describe('a template in several languages', () => {
  const params = { code: '1234', minutes: '5' };
  const texts = (template: AlertInput['template']) =>
    compose({ severity: 'critical', template }, [{ ...ALICE, language: 'ms-MY' }, BARE]).map(({ text }) => text);

  test('is said in that of each contact, else in its own', () => {
    expect(texts({ name: 'login-code', params })).toEqual(['Kod anda 1234, sah 5 minit', 'Your code is 1234, valid 5 minutes']);
  });

  test('is said in the one that its producer asks for', () => {
    expect(texts({ name: 'login-code', params, language: 'ms' })).toEqual(['Kod anda 1234, sah 5 minit', 'Kod anda 1234, sah 5 minit']);
  });
});

describe('the caps of a message', () => {
  const quietHours = { from: 1320, to: 420, timeZone: 'UTC', override: 'critical' } as const;
  const abroad: Recipient = { ...ALICE, timeZone: 'Asia/Kuala_Lumpur' };
  const hoursOf = (alert: Partial<AlertInput>, policy: Partial<Policy> = {}) =>
    compose({ severity: 'error', text: 'x', ...alert }, [abroad, BARE], { ...POLICY, ...policy }, { quietHours }).map(
      (message) => message.quietHours,
    );

  test('are the quiet hours of its recipient, as they are when it is routed', () => {
    expect(hoursOf({})).toEqual([{ ...quietHours, timeZone: 'Asia/Kuala_Lumpur' }, quietHours]);
    expect(hoursOf({}, { quietHours: 'off' })).toEqual([undefined, undefined]);
    expect(hoursOf({ purpose: 'verification' })).toEqual([undefined, undefined]);
    expect(hoursOf({ purpose: 'verification' }, { quietHours }).map((hours) => hours?.timeZone)).toEqual(['Asia/Kuala_Lumpur', 'UTC']);
  });

  test('is the source of its alert, whose name it does not give away', () => {
    const hashes = ['checkout', 'checkout', 'billing', '+60123456789', undefined].map((source) => {
      const message = one({ severity: 'critical', text: 'x', ...(source === undefined ? {} : { source }) });
      return message.sourceHash;
    });
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(4);
    expect(hashes[4]).toBeUndefined();
    for (const hash of hashes.slice(0, 4)) expect(hash).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  test('goes through the queue as it is', () => {
    for (const message of compose({ severity: 'error', text: 'x', source: 's' }, [abroad, BARE], POLICY, { quietHours })) {
      expect(messageSchema.parse(JSON.parse(JSON.stringify(message)))).toStrictEqual(message);
    }
  });
});

import { expect, it, onTestFinished } from 'vitest';
import type { Template } from '../../../src/provider/template/template.ts';
import { NOW } from '../../conformance/candidate.ts';
import { testPort } from '../../support/test-port.ts';
import { startHttpVendor } from '../../support/vendors/http-vendor.ts';
import { type TencentResponder, tencentAnswer, tencentError } from '../../support/vendors/tencent.ts';
import { fake, never, provider } from './given-tencent.ts';

const DATE = { date: NOW.toUTCString() };
const SIGN = { SignId: 1, International: 0, StatusCode: 0, SignName: '腾讯云' };
const TEMPLATE = { TemplateId: 449739, International: 3, StatusCode: 0, TemplateContent: '{1} {2} {3}' };
const LOGIN: Template = { text: 'Your code is {code}', tencent: { id: '1234', params: ['code'] } };

interface Console {
  readonly signs?: readonly unknown[];
  readonly templates?: readonly unknown[];
}

/** A console of Tencent with these signatures and templates, each listed where it is approved. */
function consoleWith({ signs = [SIGN], templates = [TEMPLATE] }: Console): TencentResponder {
  const listed = (items: readonly unknown[], market: unknown) =>
    items.filter((item) => [market, 3].includes((item as { International: unknown }).International));
  return ({ action, params }) => {
    if (action === 'SendStatusStatistics') return tencentAnswer({ SendStatusStatistics: {} }, DATE);
    if (action === 'DescribeSmsSignList') return tencentAnswer({ DescribeSignListStatusSet: listed(signs, params.International) }, DATE);
    const found = listed(templates, params.International).filter((item) =>
      (params.TemplateIdSet as unknown[]).includes((item as { TemplateId: unknown }).TemplateId),
    );
    return tencentAnswer({ DescribeTemplateStatusSet: found }, DATE);
  };
}

async function check(respond: TencentResponder, given: Readonly<Record<string, unknown>> = {}, templates?: ReadonlyMap<string, Template>) {
  const tencent = await fake();
  tencent.respondWith(respond);
  const { check: run } = await provider({ baseUrl: tencent.url, signName: '腾讯云', ...given }, templates);
  const checks = (await run?.(never)) ?? [];
  expect(tencent.requests.map(({ action }) => action)).not.toContain('SendSms');
  return { checks, words: checks.map(({ subject, verdict }) => `${subject} ${verdict}`), requests: tencent.requests };
}

it('finds nothing wrong where nothing is, and says what it cannot learn', async () => {
  const { words, requests } = await check(consoleWith({}));
  expect(words).toEqual(['connection ok', 'credentials ok', 'clock ok', 'account ok', 'balance unchecked', 'sender ok', 'template ok']);
  expect(requests.every(({ valid }) => valid)).toBe(true);
  // 11 o'clock in Beijing.
  expect(requests[0]?.params).toMatchObject({ BeginTime: '2026112011', EndTime: '2026112011' });
});

it.each([
  ['is under review', { signs: [{ ...SIGN, StatusCode: 1 }] }, 'sender failed', /under review/],
  ['was not approved', { signs: [{ ...SIGN, StatusCode: -1 }] }, 'sender failed', /not approved/],
  ['does not exist', { signs: [] }, 'sender failed', /the account has no signature/],
  ['is for other countries only', { signs: [{ ...SIGN, International: 1 }] }, 'sender failed', /the account has no signature/],
  ['may be on the next page', { signs: Array(100).fill({ ...SIGN, SignName: 'x' }) }, 'sender unchecked', /first 100/],
])('detects that the signature %s', async (_what, given, word, detail) => {
  const { words, checks } = await check(consoleWith(given));
  expect(words).toContain(word);
  expect(checks.find(({ subject }) => subject === 'sender')?.detail).toMatch(detail);
});

it.each([
  [{}, 'sender warning'],
  [{ countries: ['86', '60'] }, 'sender warning'],
  [{ countries: ['60'] }, 'sender ok'],
])('knows where a signature is needed: %j', async (given, word) => {
  expect((await check(consoleWith({}), { ...given, signName: undefined })).words).toContain(word);
});

it.each([
  ['is under review', [{ ...TEMPLATE, StatusCode: 1 }], 'failed', /449739 is under review/],
  ['waits to be in force', [{ ...TEMPLATE, StatusCode: 2 }], 'failed', /not active/],
  ['is in a state of its own', [{ ...TEMPLATE, StatusCode: 9 }], 'failed', /a state that cannot be used/],
  ['does not exist', [], 'failed', /not a template of this account/],
  ['has other variables', [{ ...TEMPLATE, TemplateContent: '{1} {2} {2}' }], 'failed', /has 2 variables, but the config fills 3/],
  ['is for the mainland only', [{ ...TEMPLATE, International: 0 }], 'warning', /not approved for other countries/],
  ['is for other countries only', [{ ...TEMPLATE, International: 1 }], 'warning', /not approved for mainland China/],
])('detects that the template %s', async (_what, templates, verdict, detail) => {
  const { checks } = await check(consoleWith({ templates }));
  expect(checks.filter(({ subject }) => subject === 'template')).toEqual([
    { subject: 'template', verdict, detail: expect.stringMatching(detail) },
  ]);
});

it.each([
  [['86'], 0],
  [['60'], 1],
])('asks for templates only where it may text: %j', async (countries, market) => {
  const { words, requests } = await check(consoleWith({ templates: [{ ...TEMPLATE, International: market }] }), { countries });
  expect(words).toContain('template ok');
  expect(requests.filter(({ action }) => action === 'DescribeSmsTemplateList').map(({ params }) => params.International)).toEqual([market]);
});

it('looks at the templates of the config too', async () => {
  const own = new Map([
    ['login-code', LOGIN],
    ['elsewhere', { text: 'x' }],
  ]);
  const login = { ...TEMPLATE, TemplateId: 1234, TemplateContent: '您的验证码是{1}' };
  const both = await check(consoleWith({ templates: [TEMPLATE, login] }), {}, own);
  expect(both.words.filter((word) => word.startsWith('template'))).toEqual(['template ok', 'template ok']);
  const one = await check(consoleWith({ templates: [TEMPLATE] }), {}, own);
  expect(one.words.filter((word) => word.startsWith('template'))).toEqual(['template ok', 'template failed']);
});

it('a template id that is no number is none of theirs', async () => {
  const { words, requests } = await check(consoleWith({}), { templateId: 'my-template' });
  expect(words).toContain('template failed');
  expect(requests.map(({ action }) => action)).not.toContain('DescribeSmsTemplateList');
});

it.each([
  ['AuthFailure.SignatureFailure', 'credentials failed'],
  ['AuthFailure.SecretIdNotFound', 'credentials failed'],
  ['AuthFailure.SignatureExpire', 'credentials failed'],
  ['UnauthorizedOperation.SmsSdkAppIdVerifyFail', 'account failed'],
  ['UnauthorizedOperation.SerivceSuspendDueToArrears', 'account failed'],
  ['AuthFailure.UnauthorizedOperation', 'account unchecked'],
  ['InternalError.OtherError', 'account unchecked'],
])('%s means %s', async (code, word) => {
  expect((await check(() => tencentError(code))).words).toContain(word);
});

it('individual accounts may not list what they have', async () => {
  const { words } = await check(({ action }) =>
    action === 'SendStatusStatistics' ? undefined : tencentError('FailedOperation.NotEnterpriseCertification'),
  );
  expect(words).toEqual(expect.arrayContaining(['credentials ok', 'account ok', 'sender unchecked', 'template unchecked']));
});

it('reports a clock that is off', async () => {
  const date = new Date(NOW.getTime() + 250_000).toUTCString();
  const { checks } = await check(() => tencentAnswer({ Error: { Code: 'AuthFailure.SignatureExpire' } }, { date }));
  expect(checks).toContainEqual({ subject: 'clock', verdict: 'failed', detail: expect.stringContaining('250 s behind') });
});

it('stops when there is no response, or one of another server', async () => {
  const closed = await provider({ baseUrl: `http://127.0.0.1:${await testPort()}` });
  expect(await closed.check?.(never)).toEqual([
    { subject: 'connection', verdict: 'failed', detail: expect.stringContaining('ECONNREFUSED') },
  ]);
  const other = await startHttpVendor(() => ({ status: 502, body: '<html></html>' }));
  onTestFinished(other.close);
  const { check: run } = await provider({ baseUrl: other.url });
  expect((await run?.(never))?.map(({ subject, verdict }) => `${subject} ${verdict}`)).toEqual([
    'connection failed',
    expect.stringContaining('clock'),
  ]);
});

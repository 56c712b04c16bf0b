import { describe, expect, it } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { Config } from '../../../src/config/config.ts';
import { previewTemplate } from '../../../src/pipeline/routing/preview-template.ts';
import { wordingOf } from '../../../src/provider/template/template.ts';
import { loadYaml } from '../../config/load-yaml.ts';
import { type } from '../recording-deps.ts';

const { config } = loadYaml(`
providers:
  desk: { type: simulated }
  cn: { type: tencent, secretId: a, secretKey: b, appId: "1400006666", templateId: "9", variableLimit: 6 }
routes: [{ providers: [desk] }]
money: { currency: USD, prices: { desk: { "60": 0.05 } } }
templates:
  login-code:
    text: "Your code is {code}"
    tencent: { id: "1234", params: [code] }
    languages:
      ms: { text: "Kod anda {code}" }
      zh: { text: "验证码{code}", tencent: { id: "77", params: [code] } }
`);

const preview = (code: string, to?: string) =>
  previewTemplate({ name: 'login-code', params: { code }, to: to as E164 | undefined, ruleOf: () => 'gsm7' }, config as Config);

describe('a preview', () => {
  it('shows the template in every language, as each provider would send it', () => {
    expect(preview('123456', '+60123456789')).toMatchObject([
      {
        language: 'en',
        text: 'Your code is 123456',
        characters: 19,
        alphabet: 'GSM-7',
        providers: [
          { template: null, segments: 1, price: 0.05 },
          { template: '1234', misfits: [] },
        ],
      },
      {
        language: 'ms',
        text: 'Kod anda 123456',
        providers: [{ template: null }, { template: '9', misfits: [{ param: 'content', unfit: 'VARIABLE_TOO_LONG' }] }],
      },
      { language: 'zh', alphabet: 'UCS-2', providers: [{ template: null }, { template: '77', misfits: [] }] },
    ]);
  });

  it('has no price without a number, and none where none is known', () => {
    expect(preview('1').flatMap(({ providers }) => providers.map(({ price }) => price))).toEqual([null, null, null, null, null, null]);
    expect(preview('1', '+4915112345678')[0]?.providers[0]?.price).toBeNull();
  });
});

it.each([
  [undefined, 'Your code is {code}'],
  ['ms', 'Kod anda {code}'],
  ['MS-my', 'Kod anda {code}'],
  ['zh-Hant-HK', '验证码{code}'],
  ['de', 'Your code is {code}'],
])('a reader of %s sees: %s', (language, text) => {
  expect(wordingOf(config.templates, { name: 'login-code', language })?.text).toBe(text);
});

describe('sms-dispatch templates', () => {
  it('lists what there is', async () => {
    const { stdout } = await type(['templates', 'list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ templates: [{ name: 'login-code', params: ['code'] }] });
  });

  it.each([
    [['login-code'], 1, 'missing variable: code'],
    [['login-code', '--param', 'code=1', '--param', 'cod=2'], 1, 'no variable cod'],
    [['logn-code', '--param', 'code=1'], 2, 'did you mean "login-code"?'],
    [['login-code', '--param', 'code=1', '--to', '12'], 2, '--to: '],
  ])('preview %j ends with %i and prints %j', async (argv, code, words) => {
    const ran = await type(['templates', 'preview', ...argv]);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(words);
  });
});

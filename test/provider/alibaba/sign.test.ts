import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { authorize, EMPTY_BODY_HASH, encodeQuery } from '../../../src/provider/alibaba/api.ts';

it('reproduces the example that the vendor publishes', () => {
  // https://help.aliyun.com/zh/resource-management/common-parameters
  const headers = {
    host: 'ecs.cn-shanghai.aliyuncs.com',
    'x-acs-action': 'RunInstances',
    'x-acs-content-sha256': EMPTY_BODY_HASH,
    'x-acs-date': '2023-10-26T10:22:32Z',
    'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
    'x-acs-version': '2014-05-26',
  };
  const query = { RegionId: 'cn-shanghai', ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd' };
  const key = { id: 'YourAccessKeyId', secret: 'YourAccessKeySecret' };
  expect(authorize({ method: 'POST', query, headers }, key)).toBe(
    'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,' +
      'SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,' +
      'Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  );
});

/** Recorded from the vendor's SDK, @alicloud/dysmsapi20170525 4.6.0 with @alicloud/openapi-core 1.0.8, sending to 127.0.0.1:18080. */
const RECORDED = [
  {
    what: 'every kind of character',
    action: 'SendSms',
    nonce: 'd4725d84a9c6d972aca33da8d0d78be20b128b81bc910b63c2ab6dad28582035',
    query: {
      PhoneNumbers: '13800138000',
      SignName: '阿里云 短信',
      TemplateCode: 'SMS_1',
      OutId: 'm-1',
      TemplateParam: JSON.stringify({ content: '100% a+b=c & * ~ ! \' ( ) "你好" 🔥\nline 2' }),
    },
    signature: '979dbc45808754b99a81f64798ef4db8bd8af1f3bc729de00a67d2d4f658edb6',
  },
  {
    what: 'what URLs are made of',
    action: 'SendSms',
    nonce: 'ce5482b5e7f15331f85d127fdeaa2f589a9a87ad5cf51c06e0bcf70c738d2660',
    query: {
      PhoneNumbers: '85260001234',
      SignName: "It's (our) sign*!",
      TemplateCode: 'SMS_2',
      OutId: '~_.-/?#[]@$,;:=',
      TemplateParam: JSON.stringify({ 变量: '\\ \t| ^ ` < > { }', A: 'é ü ß', a: '' }),
    },
    signature: '1d7bd17be6f7ef7075ddff15cbfda4667ff5c20329f15b1c7194f3fef0de2f76',
  },
  {
    what: 'a question by the id of a text',
    action: 'QuerySendDetails',
    nonce: '5416d9827aedc89b836950e7eb7f49c339a3027b8e05cd9c40da6894309aef82',
    query: { PhoneNumber: '13800138000', SendDate: '20261120', PageSize: '50', CurrentPage: '1', BizId: '9006197469364984400^0' },
    signature: 'cf8c974179a3a69eb75f4bff8632e70a7bc303318de4a2c8c7eea49cd9eb5de1',
  },
];

it.each(RECORDED)("signs $what as the vendor's SDK does", ({ action, nonce, query, signature }) => {
  const headers = {
    host: '127.0.0.1:18080',
    accept: 'application/json',
    'user-agent': 'AlibabaCloud (linux; x64) Node.js/v20.20.2 Core/1.0.1 TeaDSL/2',
    'x-acs-version': '2017-05-25',
    'x-acs-action': action,
    'x-acs-date': '2026-11-21T02:31:35Z',
    'x-acs-signature-nonce': nonce,
    'x-acs-content-sha256': EMPTY_BODY_HASH,
    'x-acs-credentials-provider': 'static_ak',
  };
  expect(authorize({ method: 'POST', query, headers }, { id: 'LTAI-exam-key', secret: 'exam-key-secret' })).toBe(
    'ACS3-HMAC-SHA256 Credential=LTAI-exam-key,' +
      'SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,' +
      `Signature=${signature}`,
  );
});

it('puts names in order and escapes all that RFC 3986 does not leave alone', () => {
  expect(encodeQuery({ b: "!'()*", a: '-._~ +', A: '你' })).toBe('A=%E4%BD%A0&a=-._~%20%2B&b=%21%27%28%29%2A');
  expect(encodeQuery({})).toBe('');
});

it('knows the hash of no body', () => {
  expect(EMPTY_BODY_HASH).toBe(createHash('sha256').digest('hex'));
});

import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { tencentAnswer } from '../support/vendors/tencent.ts';
import { MESSAGE, NOW } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const SECRET_ID = 'AKIDexamexamexamexam';
const SECRET_KEY = 'exam-secret-key';

sitExam('tencent', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'tencent-cn',
      providerConfigSchemas.tencent.parse({
        type: 'tencent',
        secretId: SECRET_ID,
        secretKey: SECRET_KEY,
        appId: '1400006666',
        templateId: '449739',
        signName: '腾讯云',
        baseUrl,
        timeout: `${timeoutMs}ms`,
      }),
      { clock, ...noDeps },
    ),
  // The id goes over the wire with every request, and is no secret; the key never does.
  secrets: [SECRET_KEY],
  wire: {
    request: {
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-tc-action': 'SendSms',
        'x-tc-version': '2021-01-11',
        'x-tc-region': 'ap-guangzhou',
        'x-tc-timestamp': '1795143600',
      },
      body: [
        '{"PhoneNumberSet":["+60123456789"],"SmsSdkAppId":"1400006666","TemplateId":"449739","SignName":"腾讯云",',
        '"TemplateParamSet":["db-1","CRITICAL","disk full"],"SessionContext":"m-exam_1"}',
      ].join(''),
    },
    yes: tencentAnswer({
      SendStatusSet: [
        {
          SerialNo: '5000:1045710669157053657849499619',
          PhoneNumber: MESSAGE.to,
          Fee: 2,
          SessionContext: MESSAGE.id,
          Code: 'Ok',
          Message: 'send success',
          IsoCode: 'MY',
        },
      ],
    }),
    accepted: { kind: 'accepted', providerMessageId: '5000:1045710669157053657849499619', segments: 2 },
    asked: {
      query: { id: MESSAGE.id, to: MESSAGE.to, providerMessageId: '5000:1', sentAt: new Date(NOW.getTime() - 60_000) },
      answer: tencentAnswer({
        SendRecordSet: [
          {
            PhoneNumber: MESSAGE.to,
            SerialNo: '5000:1',
            SendStatus: 3,
            RequestCode: 'Ok',
            StatusCode: '',
            IsoCode: 'MY',
            Content: '***',
            SendTime: NOW.getTime() / 1000 - 59,
            UserReceiveTime: 0,
          },
        ],
        TotalCount: 1,
      }),
    },
  },
});

import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { alibabaAnswer } from '../support/vendors/alibaba.ts';
import { MESSAGE, NOW } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const SECRET = 'exam-access-key-secret';
const BIZ_ID = '900619746936498440^0';

sitExam('alibaba', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'alibaba-cn',
      providerConfigSchemas.alibaba.parse({
        type: 'alibaba',
        accessKeyId: 'LTAI-exam-key',
        accessKeySecret: SECRET,
        signName: '阿里云 *(测试)!',
        templateCode: 'SMS_153055065',
        baseUrl,
        timeout: `${timeoutMs}ms`,
      }),
      { clock, ...noDeps },
    ),
  secrets: [SECRET],
  wire: {
    request: {
      method: 'POST',
      path:
        '/?OutId=m-exam_1&PhoneNumbers=60123456789' +
        '&SignName=%E9%98%BF%E9%87%8C%E4%BA%91%20%2A%28%E6%B5%8B%E8%AF%95%29%21&TemplateCode=SMS_153055065' +
        '&TemplateParam=%7B%22instance%22%3A%22db-1%22%2C%22priority%22%3A%22CRITICAL%22%2C%22content%22%3A%22disk%20full%22%7D',
      headers: {
        accept: 'application/json',
        'content-length': '0',
        'x-acs-action': 'SendSms',
        'x-acs-version': '2017-05-25',
        'x-acs-date': '2026-11-20T03:00:00Z',
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
      body: '',
    },
    yes: alibabaAnswer('OK', 'OK', { BizId: BIZ_ID }),
    accepted: { kind: 'accepted', providerMessageId: BIZ_ID },
    asked: {
      query: { id: MESSAGE.id, to: MESSAGE.to, sentAt: NOW },
      answer: alibabaAnswer('OK', 'OK', {
        TotalCount: '1',
        SmsSendDetailDTOs: { SmsSendDetailDTO: [{ OutId: MESSAGE.id, SendStatus: 1, ErrCode: '', ReceiveDate: '' }] },
      }),
    },
  },
});

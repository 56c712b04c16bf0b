import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { smslocalAccepted } from '../support/vendors/smslocal.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const API_KEY = 'exam-api-key';

sitExam('smslocal', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'smslocal-in',
      providerConfigSchemas.smslocal.parse({ type: 'smslocal', apiKey: API_KEY, from: 'OPS', baseUrl, timeout: `${timeoutMs}ms` }),
      { clock, ...noDeps },
    ),
  secrets: [API_KEY],
  wire: {
    request: {
      method: 'POST',
      path: '/api/service/enterprise-service/external/sms',
      headers: { token: API_KEY, 'content-type': 'application/json', accept: 'application/json' },
      body:
        '{"from":"OPS","to":"60123456789",' +
        '"content":"CRITICAL: \\"disk\\" {to} full? 100% & a+b=c \\\\ 你好 🔥\\nline 2","datacoding":1}',
    },
    yes: smslocalAccepted(2),
    accepted: {
      kind: 'accepted',
      providerMessageId: '9f2a7c10-4b2e-4f0a-8a55-000000000001',
      partIds: ['9f2a7c10-4b2e-4f0a-8a55-000000000001', '9f2a7c10-4b2e-4f0a-8a55-000000000002'],
      segments: 2,
    },
  },
});

import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { unismsAccepted } from '../support/vendors/unisms.ts';
import { MESSAGE, NOW, type Wire } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const ACCESS_KEY_ID = 'exam-access-key-id';
const ACCESS_KEY_SECRET = 'exam-access-key-secret';

function sit(name: string, config: Readonly<Record<string, unknown>>, path: Wire['request']['path']): void {
  sitExam(name, {
    create: ({ baseUrl, timeoutMs, clock }) =>
      createProvider(
        'unisms-cn',
        providerConfigSchemas.unisms.parse({
          type: 'unisms',
          accessKeyId: ACCESS_KEY_ID,
          signature: '运维 & Ops',
          templateId: 'tpl_alert',
          baseUrl,
          timeout: `${timeoutMs}ms`,
          ...config,
        }),
        { clock, ...noDeps },
      ),
    secrets: [ACCESS_KEY_ID, ACCESS_KEY_SECRET],
    wire: {
      request: {
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body:
          '{"to":"+60123456789","signature":"运维 & Ops","templateId":"tpl_alert",' +
          '"templateData":{"instance":"db-1","priority":"CRITICAL","content":"disk full"}}',
      },
      yes: unismsAccepted(MESSAGE.to, { id: 'uni-77', messageCount: 2 }),
      accepted: { kind: 'accepted', providerMessageId: 'uni-77', segments: 2 },
    },
  });
}

sit('unisms (simple)', {}, `/?action=sms.message.send&accessKeyId=${ACCESS_KEY_ID}`);

sit(
  'unisms (hmac)',
  { authMode: 'hmac', accessKeySecret: ACCESS_KEY_SECRET },
  new RegExp(
    `^/\\?action=sms\\.message\\.send&accessKeyId=${ACCESS_KEY_ID}&algorithm=hmac-sha256&timestamp=${NOW.getTime()}` +
      '&nonce=[0-9a-f]{32}&signature=([A-Za-z0-9]|%2B|%2F){43}%3D$',
  ),
);

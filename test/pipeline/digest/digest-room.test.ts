import { expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { systemClock } from '../../../src/clock.ts';
import { createRoomOf } from '../../../src/pipeline/digest/digest-stages.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import type { SendTarget } from '../../../src/pipeline/sending/send-target.ts';
import { createProvider } from '../../../src/provider/registry.ts';
import { loadYaml } from '../../config/load-yaml.ts';

const MALAYSIA = '+60123456789' as E164;
const CHINA = '+8613800138000' as E164;
const unlimited = Number.POSITIVE_INFINITY;

test.each<[what: string, providers: string[], to: E164, over: Partial<Message>, weight: string, room: object]>([
  ['ten segments', ['gateway'], MALAYSIA, {}, 'messages', { segments: 10, characters: unlimited, rule: 'gsm7', noLinks: false }],
  ['what the vendor accepts', ['gateway', 'twilio-main'], MALAYSIA, {}, 'messages', { characters: 1600 }],
  ['as many segments as its route allows', ['gateway'], MALAYSIA, { maxSegments: 3 }, 'messages', { segments: 3 }],
  ['what is kept for it where caps count segments', ['gateway'], MALAYSIA, {}, 'segments', { segments: 2 }],
  ['one variable of a template', ['alibaba-cn'], CHINA, {}, 'messages', { characters: 35, rule: 'ucs2', noLinks: true }],
  ['that of a vendor without a limit', ['tencent-cn'], CHINA, {}, 'messages', { characters: 400, rule: 'ucs2', noLinks: true }],
  ['the narrowest of its providers', ['twilio-main', 'tencent-cn', 'alibaba-cn'], CHINA, {}, 'messages', { characters: 35 }],
  ['only of those that may text its country', ['twilio-main', 'alibaba-cn'], MALAYSIA, {}, 'messages', { characters: 1600 }],
  [
    'a text that begins like an alert, for a registered template',
    ['dlt'],
    MALAYSIA,
    {},
    'messages',
    { opening: 'CRITICAL: ', characters: 2000 },
  ],
])('a digest has room for %s', async (_what, providers, to, over, weight, room) => {
  const { config } = await loadYaml(`
providers:
  gateway: { type: http, url: "http://127.0.0.1:9", body: { t: "{text}", to: "{to}" } }
  twilio-main: { type: twilio, accountSid: AC00000000000000000000000000000000, authToken: t, from: "+15005550006" }
  alibaba-cn: { type: alibaba, accessKeyId: a, accessKeySecret: b, signName: Ops, templateCode: SMS_1, countries: ["86"] }
  tencent-cn: { type: tencent, secretId: a, secretKey: b, appId: "1400006666", templateId: "1", signName: Ops }
  dlt: { type: exotel, sid: acme, token: t, from: OPS, dltTemplateId: "1107" }
routes: [{ providers: [gateway] }]
caps: { weight: ${weight} }
`);
  const deps = { clock: systemClock, templates: config.templates };
  const targets = new Map<string, SendTarget>();
  for (const [name, own] of config.providers) {
    const provider = await createProvider(name, own, deps as Parameters<typeof createProvider>[2]);
    targets.set(name, { provider, timeoutMs: 1, pace: (_signal, job) => job(), countries: own.countries });
  }
  const message = { providers, to, severity: 'critical', ...over } as unknown as Message;
  expect(createRoomOf(config, targets)(message)).toMatchObject(room);
  await Promise.all([...targets.values()].map(({ provider }) => provider.close()));
});

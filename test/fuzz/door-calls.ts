import { ALERT, ALERTMANAGER, EVENT, GRAFANA, HERTZBEAT, HERTZBEAT_OLD } from '../../src/http/openapi/openapi-parts.ts';
import { PHONE } from './mutate.ts';

/** A call that is taken as it is. */
export interface DoorCall {
  readonly method: string;
  /** With what fills its parameters. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly type?: string;
  /** A string is sent as it is. */
  readonly body?: unknown;
  /** Twilio signs its calls. */
  readonly signed?: true;
}

const RECEIPT_TOKEN = 'fuzz-receipt-token-000001';
export const TOKEN = 'fuzz-http-token-0000000001';
export const TWILIO_TOKEN = 'fuzz-twilio-auth-token-01';
export const PUBLIC_URL = 'https://sms.example.com';
const CREDENTIAL = 'fuzz-vendor-credential-01';
/** None of them may be shown to a caller or written to a log. */
export const SECRETS = [TOKEN, RECEIPT_TOKEN, TWILIO_TOKEN, CREDENTIAL];

const proven = { receiptToken: RECEIPT_TOKEN, baseUrl: 'http://127.0.0.1:1' };
const VENDORS = {
  twilio: { accountSid: `AC${'0'.repeat(32)}`, authToken: TWILIO_TOKEN, from: '+15005550006' },
  tencent: { secretId: 'id', secretKey: CREDENTIAL, appId: '1400006666', templateId: '1', signName: 'Ops' },
  alibaba: { accessKeyId: 'id', accessKeySecret: CREDENTIAL, signName: 'Ops', templateCode: 'SMS_1' },
  unisms: { accessKeyId: 'id', authMode: 'hmac', accessKeySecret: CREDENTIAL, signature: 'Ops', templateId: 'pub_1' },
  smslocal: { apiKey: CREDENTIAL },
  exotel: { sid: 'acme1', token: CREDENTIAL, from: 'OPSALT' },
  http: {
    url: 'https://gateway.example/send',
    receipt: { id: '/id', status: '/status', entries: '/reports', map: { DELIVRD: 'delivered' }, code: '/err' },
  },
  sns: { region: 'eu-west-1', accessKeyId: 'AKIAFUZZ000000000001', secretAccessKey: CREDENTIAL },
};

/** Every vendor is configured and none is on a route: texts go to the simulated provider. */
export const DOORS_CONFIG = [
  'providers:',
  '  desk: { type: simulated }',
  ...Object.entries(VENDORS).map(([type, own]) => `  ${type}: ${JSON.stringify({ type, ...own, ...proven })}`),
  'routes:',
  '  - { name: coded, match: { labels: { ack: "yes" } }, minSeverity: info, acknowledge: true, overflow: defer, providers: [desk] }',
  '  - { name: default, minSeverity: info, overflow: defer, providers: [desk] }',
  'templates: { code: { text: "Your code is {code}" } }',
  `contacts: { alice: { phone: "${PHONE}", consent: true } }`,
  'groups: { oncall: [alice] }',
  'webhooks: { to: ["group:oncall"] }',
  'caps: { perRecipient: off, perHour: off }',
  `http: { publicUrl: "${PUBLIC_URL}", console: true, tokens: ["${TOKEN}"] }`,
].join('\n');

const { id: _id, ...alert } = {
  ...ALERT,
  to: [PHONE],
  labels: { team: 'a' },
  source: 's',
  dedupKey: 'k',
  status: 'firing',
  purpose: 'alert',
  raisedAt: '2026-11-20T03:00:00Z',
};
const templated = { ...alert, text: undefined, template: { name: 'code', params: { code: '1' } } };
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const query = { token: RECEIPT_TOKEN };
const post = (path: string, body: unknown, type = JSON_TYPE): DoorCall => ({ method: 'POST', path, type, body });
const receipt = (vendor: string, body: unknown, type = JSON_TYPE): DoorCall => ({ ...post(`/v1/receipts/${vendor}`, body, type), query });

/** A call or more to every route of a receiver; a test holds them to the OpenAPI document. */
export const CALLS: readonly DoorCall[] = [
  post('/v1/alerts', alert),
  post('/v1/alerts', [alert, templated]),
  post('/v1/alerts/resolve', { dedupKey: 'k' }),
  post('/v1/alerts/a-1/acknowledge', { by: 'alice' }),
  { ...post('/v1/webhooks/alertmanager', ALERTMANAGER), query: { to: 'group:oncall' } },
  { ...post('/v1/webhooks/grafana', GRAFANA), query: { to: PHONE } },
  post('/v1/webhooks/hertzbeat', HERTZBEAT),
  post('/v1/webhooks/hertzbeat', HERTZBEAT_OLD),
  post('/v1/webhooks/cloudevents', EVENT, 'application/cloudevents+json'),
  post('/v1/webhooks/cloudevents', [EVENT, EVENT], 'application/cloudevents-batch+json'),
  { method: 'OPTIONS', path: '/v1/webhooks/cloudevents' },
  ...[
    {
      ...receipt('twilio', { MessageSid: 'SM1', MessageStatus: 'undelivered', ErrorCode: '30007', To: PHONE }, FORM),
      signed: true as const,
    },
    receipt('tencent', [
      { sid: '1', report_status: 'SUCCESS', errmsg: 'DELIVRD', user_receive_time: '2026-11-20 11:00:00', mobile: PHONE },
    ]),
    receipt('alibaba', [
      { phone_number: PHONE, success: true, err_code: 'DELIVERED', report_time: '2026-11-20 11:00:00', biz_id: '1^0', out_id: 'm-1' },
      { Status: '2', ErrorCode: 'X', ReceiveDate: 'Thu, 25 Nov 2021 10:27:33 +0800', MessageId: '2' },
    ]),
    receipt('unisms', { id: 'a1', status: 'delivered', errorCode: null, doneDate: '2026-11-20T03:00:00Z', to: PHONE }),
    receipt('smslocal', { msgid: 'a1', status: 'DELIVRD', errorcode: '200', mobile: PHONE }, FORM),
    { method: 'GET', path: '/v1/receipts/smslocal', query: { ...query, msgid: 'a1', status: 'DELIVRD' } },
    receipt('exotel', { SmsSid: 'a1', CustomField: 'm-1', Status: 'sent', DetailedStatusCode: '20005', To: PHONE }, FORM),
    receipt('http', { reports: [{ id: 'a1', status: 'DELIVRD', err: '0' }] }),
    receipt('sns', {}),
  ],
  {
    ...post('/v1/inbound/twilio', { MessageSid: 'SM2', From: PHONE, To: '+15005550006', Body: 'STOP', OptOutType: 'STOP' }, FORM),
    signed: true,
  },
  ...['alerts', 'messages'].map((list) => ({
    method: 'GET',
    path: `/v1/${list}`,
    query: { since: '2h', limit: '10', cursor: '0-0', severity: 'critical', contact: 'alice', route: 'default', provider: 'desk' },
  })),
  ...['/v1/alerts/a-1', '/v1/messages/m-1', '/v1/simulated/outbox', '/metrics', '/healthz', '/readyz', '/openapi.json'].map((path) => ({
    method: 'GET',
    path,
    query: { limit: '5' },
  })),
  ...['overview', 'recent', 'live', 'search', 'story/a-1', 'inbound', 'outbox', 'dead', 'unknown', 'session'].map((name) => ({
    method: 'GET',
    path: `/console/api/${name}`,
    query: { q: PHONE, limit: '5', before: '0-0', after: '0-0' },
  })),
  ...[
    '/console',
    '/console/queues/',
    '/console/queues/static/js/x.js',
    '/console/queues/queue/sms-alerts',
    '/console/queues/api/queues',
    '/console/queues/api/queues/sms-alerts/a-1',
  ].map((path) => ({
    method: 'GET',
    path,
    query: { status: 'failed', page: '1' },
  })),
  post('/console/api/dead/m-1/replay', {}),
  post('/console/api/dead/m-1/discard', {}),
  post('/console/api/unknown/m-1', { word: 'sent' }),
  post('/console/api/send', { to: ['contact:alice'], severity: 'critical', text: 'from the console' }),
  post('/console/session', { token: TOKEN }),
];

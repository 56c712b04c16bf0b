import { alertmanagerCall, firing, w1 } from '../http/payloads.ts';
import type { GatewayHit } from '../support/vendors/gateway.ts';
import { gatewayAnswer } from '../support/vendors/gateway.ts';
import type { Reply } from '../support/vendors/http-vendor.ts';
import { type TwilioHit, twilioAccepted, twilioError } from '../support/vendors/twilio.ts';
import { ACCOUNT, digitsOf, phoneOf, SECRETS, type Trouble, troubleOf } from './spill.ts';

/** Everything that vendors, producers, callers and operators do with numbers and secrets that they should not. */

interface End {
  readonly state: string;
  readonly reason: string | null;
}

/** The texts that meet a trouble at their vendor, where each comes to rest, and the route to that vendor. */
export const TEXTS: readonly { readonly trouble: Trouble; readonly end: End; readonly by?: string }[] = [
  { trouble: 'none', end: { state: 'accepted', reason: null } },
  { trouble: 'vendor says why not', end: { state: 'failed', reason: 'recipient' } },
  { trouble: 'vendor has it as its code', end: { state: 'failed', reason: 'content' } },
  { trouble: 'vendor quotes the token', end: { state: 'deferred', reason: 'auth' }, by: 'locked' },
  { trouble: 'vendor fails with a page', end: { state: 'unknown', reason: 'unknown_outcome' } },
  { trouble: 'vendor redirects', end: { state: 'unknown', reason: 'unknown_outcome' } },
  { trouble: 'vendor has it as its message id', end: { state: 'accepted', reason: null } },
  { trouble: 'vendor hangs', end: { state: 'unknown', reason: 'unknown_outcome' } },
  { trouble: 'vendor resets', end: { state: 'unknown', reason: 'unknown_outcome' } },
  { trouble: 'vendor throttles', end: { state: 'deferred', reason: 'throttled' }, by: 'limited' },
  { trouble: 'gateway says why not', end: { state: 'failed', reason: 'content' }, by: 'gateway' },
  { trouble: 'gateway has it as its message id', end: { state: 'accepted', reason: null }, by: 'gateway' },
  { trouble: 'gateway is away', end: { state: 'expired', reason: 'expired' }, by: 'away' },
];

export function twilioSays({ form }: TwilioHit): Reply | undefined {
  const to = form.To as string;
  const says = `'To' number ${to} (${to.slice(1)}) for ${SECRETS.twilio}`;
  switch (troubleOf(to)) {
    case 'vendor says why not':
      return twilioError(400, 21211, says);
    case 'vendor has it as its code':
      return twilioError(400, Number(to), says);
    case 'vendor quotes the token':
      return twilioError(401, 20003, `Authenticate: ${says}`, { 'x-echo': says });
    case 'vendor fails with a page':
      return { status: 500, headers: { 'content-type': 'text/html' }, body: `<h1>${says}</h1>` };
    case 'vendor redirects':
      return { status: 302, headers: { location: `/elsewhere/${to}?token=${SECRETS.twilio}` }, body: says };
    case 'vendor has it as its message id': {
      const accepted = twilioAccepted(ACCOUNT.accountSid, form) as Exclude<Reply, string>;
      return { ...accepted, body: JSON.stringify({ ...JSON.parse(accepted.body), sid: to.slice(1) }) };
    }
    case 'vendor hangs':
      return 'hang';
    case 'vendor resets':
      return 'reset';
    case 'vendor throttles':
      return twilioError(429, 20429, says, { 'retry-after': to.slice(1) });
    default:
      return undefined;
  }
}

export function gatewaySays({ fields }: GatewayHit): Reply {
  const to = String(fields.to);
  if (troubleOf(to) === 'gateway has it as its message id') return gatewayAnswer(200, { code: '0', data: { id: `${to}-1` } });
  return gatewayAnswer(400, { code: to, message: `${to}: refused for ${SECRETS.gatewayHeader}, ${SECRETS.gatewayQuery}` });
}

export interface JobByHand {
  readonly queue: string;
  readonly id: string;
  readonly data: string;
  readonly opts: string;
  /** Nothing is wrong with it: it ends as a text. */
  readonly good?: true;
}

/** Jobs that no client of ours would write. */
export function jobsByHand(): readonly JobByHand[] {
  const alert = (trouble: Trouble, fields: (digits: string) => object = () => ({})): Omit<JobByHand, 'id'> => {
    const data = { severity: 'critical', to: phoneOf(trouble), text: 'by hand', ...fields(digitsOf(trouble)) };
    return { queue: 'sms-alerts', data: JSON.stringify(data), opts: '{}' };
  };
  const text = (queue: string, data: string) => ({ queue, data, opts: '{}' });
  const garbled = digitsOf('job is not JSON');
  const about = (trouble: Trouble) => JSON.stringify({ to: phoneOf(trouble), provider: digitsOf(trouble), [digitsOf(trouble)]: 1 });
  const jobs: Omit<JobByHand, 'id'>[] = [
    text('sms-alerts', `x${garbled}`),
    text('sms-alerts', `{"to":"+${garbled}"`),
    text('sms-alerts', `["${garbled}" "+${garbled}"]`),
    text('sms-alerts', `"${digitsOf('job is not an alert')}"`),
    alert('job is not an alert', (digits) => ({ to: `+${digits}0000000` })),
    alert('job has it as severity', (severity) => ({ severity })),
    alert('job has it as contact', (digits) => ({ to: `contact:${digits}` })),
    alert('job has it as key', (digits) => ({ [digits]: 1 })),
    { ...alert('job has it as alert id', (id) => ({ id })), good: true },
    alert('job has it as alert id', (digits) => ({ id: `${digits}-2`, severity: 'wrong' })),
    { ...alert('job has it in its options'), opts: `["${digitsOf('job has it in its options')}"x` },
    text('sms-messages', about('message job')),
    text('sms-messages', `x${digitsOf('message job')}`),
    text('sms-receipts', about('receipt job')),
    text('sms-receipts', `x${digitsOf('receipt job')}`),
  ];
  return jobs.map((job, index) => ({ ...job, id: `by-hand-${index}` }));
}

export interface Request {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a door has to say no to. */
export function badRequests(): Request[] {
  const [path, query, body, webhook] = [digitsOf('path'), digitsOf('query'), digitsOf('body'), digitsOf('webhook')];
  const alert = (fields: object) => ({
    path: '/v1/alerts',
    body: JSON.stringify({ severity: 'critical', to: `+${body}`, text: 'bad', ...fields }),
  });
  const hook = (to: string, payload: unknown = alertmanagerCall([firing(w1)])) => ({
    path: `/v1/webhooks/alertmanager?to=${encodeURIComponent(to)}`,
    body: JSON.stringify(payload),
  });
  return [
    { path: `/v1/alerts/+${path}` },
    { path: `/v1/alerts/${path}` },
    { path: `/v1/messages/%2B${path}` },
    { path: `/v1/nothing/${path}` },
    { path: `/v1/alerts/${path}`, method: 'DELETE' },
    { path: `/v1/alerts/%zz${path}` },
    { path: `/v1/simulated/outbox?limit=${query}` },
    { path: `/v1/nothing?to=+${query}&token=${SECRETS.receipts}` },
    { path: `/v1/receipts/twilio-main?token=${SECRETS.receipts}x&to=${query}`, body: `{"To":"+${query}"}` },
    { path: `/v1/alerts?access_token=${SECRETS.door}`, body: '{}', headers: { authorization: `Bearer ${SECRETS.wrongRedis}` } },
    { path: '/v1/alerts', body: `{"to":"+${body}" "x"}` },
    { path: '/v1/alerts', body: `x${body}` },
    { path: '/v1/alerts', body: `+${body}`, headers: { 'content-type': `text/${body}` } },
    { path: '/v1/alerts', body: JSON.stringify([`+${body}`, Number(body), [body]]) },
    alert({ text: body.repeat(100_000) }),
    alert({ to: `+${body}00000000` }),
    alert({ to: [{ phone: `+${body}` }] }),
    alert({ to: `contact:+${body}` }),
    alert({ to: `group:${body}` }),
    alert({ severity: body }),
    alert({ status: body }),
    alert({ purpose: `+${body}` }),
    alert({ id: `+${body}` }),
    alert({ [body]: 'x' }),
    alert({ [`+${body}`]: 'x' }),
    alert({ labels: { [body]: [1] } }),
    alert({ text: undefined, template: { name: body } }),
    alert({ raisedAt: `${body}x` }),
    { path: '/v1/alerts/resolve', body: JSON.stringify({ dedupKey: { to: body }, [body]: 1 }) },
    hook(`+${webhook}00000000`),
    hook(`contact:${webhook}`),
    hook(`contact:+60 17-${webhook.slice(4, 7)} ${webhook.slice(7)}`),
    hook(phoneOf('none'), { receiver: webhook, alerts: [{ status: webhook }, { status: 'firing', labels: {}, startsAt: webhook }] }),
    hook(phoneOf('none'), { receiver: webhook, alerts: `+${webhook}` }),
  ];
}

export const configFor = (vendors: { readonly twilio: string; readonly gateway: string }) => `
providers:
  twilio-main: &twilio
    type: twilio
    accountSid: ${ACCOUNT.accountSid}
    authToken: "\${TWILIO}"
    from: "+15005550006"
    baseUrl: ${vendors.twilio}
    timeout: 3s
    receiptToken: ${SECRETS.receipts}
  # What these are told has a provider left alone; the others of its account go on.
  locked: *twilio
  limited: *twilio
  gateway:
    type: http
    url: ${vendors.gateway}/send?key=\${GATEWAY_QUERY}
    headers: { Authorization: "Bearer \${GATEWAY_HEADER}" }
    messageId: /data/id
    errors: { pointer: /code, map: {} }
    timeout: 3s
  away: { type: http, url: "http://127.0.0.1:1/send?key=${SECRETS.gatewayQuery}", timeout: 3s }
routes:
  - { name: gateway, match: { labels: { by: gateway } }, providers: [gateway] }
  - { name: away, match: { labels: { by: away } }, expiresAfter: 8s, providers: [away] }
  - { name: locked, match: { labels: { by: locked } }, providers: [locked] }
  - { name: limited, match: { labels: { by: limited } }, providers: [limited] }
  - { name: default, onUnknown: hold, providers: [twilio-main] }
caps: { perRecipient: [], perHour: off }
http: { tokens: ["\${DOOR}"] }
`;

export const ENV = {
  TWILIO: SECRETS.twilio,
  GATEWAY_HEADER: SECRETS.gatewayHeader,
  GATEWAY_QUERY: SECRETS.gatewayQuery,
  DOOR: SECRETS.door,
} as const;

/** Goes behind a config: everything in the wrong place. */
export const FAULTY_LINES = `
contacts: { alice: { phone: "${phoneOf('config')}00000000", consent: true }, bob: "${phoneOf('config')}" }
groups: { oncall: ["${phoneOf('config')}"] }
webhooks: { to: ["contact:${digitsOf('config')}"] }
metrics: { port: ${digitsOf('config')} }
defaultCountry: "${digitsOf('config')}"
`;

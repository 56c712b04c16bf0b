import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { withSpans } from '../../../src/provider/breaker/with-spans.ts';
import { refuse, type SmsMessage } from '../../../src/provider/contract/provider.ts';
import { createScriptedProvider, type Line } from '../../support/scripted-provider.ts';

const exporter = new InMemorySpanExporter();
const never = new AbortController().signal;
const message: SmsMessage = {
  id: 'm-1',
  to: '+60123456789' as E164,
  text: 'Disk full',
  expiresAt: new Date(),
  variables: { instance: '', priority: 'CRITICAL', content: 'Disk full' },
};

beforeAll(() => new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register({ propagator: null }));
afterAll(() => {
  trace.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

const asked = { 'sms.provider.name': 'desk', 'sms.provider.type': 'http' };
const OK = 0;
const ERROR = 2;

it.each<[string, Line, object, number]>([
  ['accepted', { kind: 'accepted', segments: 2, providerMessageId: '+60123456789' }, { 'sms.result': 'accepted', 'sms.segments': 2 }, OK],
  [
    'refused, by a code that quotes the number',
    refuse('recipient', { code: 'NO +60 12-345 6789', status: 400 }),
    {
      'sms.result': 'refused',
      'sms.reason': 'recipient',
      'error.type': 'recipient',
      'sms.vendor_code': 'NO +60*******789',
      'http.response.status_code': 400,
    },
    ERROR,
  ],
  [
    'unknown',
    refuse('unknown_outcome', { code: 'TIMEOUT' }),
    { 'sms.result': 'unknown', 'sms.reason': 'unknown_outcome', 'error.type': 'unknown_outcome', 'sms.vendor_code': 'TIMEOUT' },
    ERROR,
  ],
  [
    'a bug in the adapter',
    () => {
      throw new TypeError('cannot read Disk full of +60123456789');
    },
    { 'error.type': 'TypeError' },
    ERROR,
  ],
])('a request is one span, which says what came of it and nothing of the text: %s', async (_what, line, facts, code) => {
  await withSpans(createScriptedProvider('desk', [line]), 'http')
    .send(message, never)
    .catch(() => undefined);
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))).toEqual([
    { name: 'send desk', attributes: { ...asked, ...facts }, status: { code }, events: [] },
  ]);
});

it('so is a question what became of a text; who cannot be asked stays so', async () => {
  const scripted = createScriptedProvider('desk', []);
  expect(withSpans(scripted, 'http').status).toBeUndefined();
  const provider = withSpans({ ...scripted, status: async () => ({ kind: 'pending' }) }, 'http');
  await provider.status?.({ id: 'm-1', to: message.to, sentAt: new Date() }, never);
  expect(exporter.getFinishedSpans()).toMatchObject([{ name: 'status desk', attributes: { ...asked, 'sms.result': 'pending' } }]);
});

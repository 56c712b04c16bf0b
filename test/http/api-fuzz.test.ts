import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { AlertError, readAlert } from '../../src/alert/parse/parse-alert.ts';
import { systemClock } from '../../src/clock.ts';
import { ALERT, ALERTMANAGER, EVENT, GRAFANA, HERTZBEAT, HERTZBEAT_OLD, RESOLVE } from '../../src/http/openapi/openapi-parts.ts';
import { createHttpApp } from '../../src/http/server/http-app.ts';
import { directoryOf } from '../../src/pipeline/routing/directory.ts';
import type { EnqueueResult } from '../../src/queue/producer/producer-port.ts';
import { firing, resolved, w1 } from './payloads.ts';
import { histories, http, inbound, lists, names, receipts } from './test-server.ts';

/** Bodies for each server; `FUZZ_RUNS=2500` makes about 22,000 of them. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

/** Words that only a validator, a parser or a stack uses. */
const RAW =
  /Invalid (?:input|option|key|element)|Too (?:small|big)|expected (?:string|number|object|record|array|boolean)|received |Unrecognized key|Cannot read|is not a function|\bat \S+:\d+:\d+|undefined|NaN|\[object/;

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      '',
      ' ',
      0,
      -1,
      1e308,
      60198765432,
      true,
      false,
      [],
      {},
      [[]],
      [null],
      { a: { b: {} } },
      'x'.repeat(3000),
      '\u0000',
      '\ud800',
      '+60198765432',
    ],
    ...[
      '0001-01-01T00:00:00Z',
      '2026-11-20t03:00:00z',
      '2026-13-45T00:00:00Z',
      1795143600,
      1795143600123,
      'resolved',
      'firing',
      'P1',
      'scary',
      '__proto__',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** The same value with some of its members, at any depth, replaced, left out or added to. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  const whole = { arbitrary: odd, weight: 1 };
  if (Array.isArray(value)) {
    const items = fc.tuple(...value.map(mutated), fc.array(odd, { maxLength: 2 })).map((parts) =>
      parts
        .flat(0)
        .slice(0, -1)
        .concat(parts.at(-1) as unknown[]),
    );
    return fc.oneof({ arbitrary: items, weight: 8 }, whole);
  }
  if (typeof value !== 'object' || value === null) return fc.oneof({ arbitrary: fc.constant(value), weight: 8 }, whole);
  const members = fc.record(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mutated(member)])), {
    requiredKeys: [],
  });
  const more = fc.dictionary(fc.oneof(fc.constantFrom('__proto__', 'constructor', 'status', 'labels'), fc.string({ maxLength: 8 })), odd, {
    maxKeys: 1,
  });
  const record = fc.tuple(members, fc.oneof({ arbitrary: fc.constant({}), weight: 4 }, { arbitrary: more, weight: 1 }));
  return fc.oneof({ arbitrary: record.map(([known, other]) => ({ ...known, ...other })), weight: 8 }, whole);
}

const directory = directoryOf(names, systemClock);
const { app } = createHttpApp({
  role: 'receiver',
  config: { http, ...names },
  producer: {
    enqueueMany: async (alerts) =>
      alerts.map((alert): EnqueueResult => {
        const read = readAlert(alert, directory);
        return read instanceof AlertError ? { ok: false, issues: read.issues } : { ok: true, id: read.id ?? 'a-1', duplicate: false };
      }),
    resolve: async () => undefined,
    acknowledge: async () => ({ kind: 'missing' }),
  },
  onAcknowledged: () => undefined,
  webhookCounts: { refused: () => undefined, unknownSeverities: () => undefined },
  histories,
  lists,
  now: () => new Date(),
  receipts,
  inbound,
  metrics: { contentType: 'text/plain', text: async () => '' },
  readiness: async () => ({ ready: true, reasons: [] }),
  logger: pino({ level: 'silent' }),
});
afterAll(() => app.close());

interface Fault {
  readonly path: string;
  readonly message: string;
}

interface Said {
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly accepted?: readonly { readonly index: number }[];
  readonly rejected?: readonly { readonly index: number; readonly errors: readonly Fault[] }[];
}

async function post(url: string, body: unknown, type = 'application/json') {
  const response = await app.inject({ method: 'POST', url, payload: JSON.stringify(body), headers: { 'content-type': type } });
  const said = (response.body === '' ? {} : JSON.parse(response.body)) as Said;
  expect(response.statusCode, response.body).toBeLessThan(500);
  expect([200, 202, 204, 400, 413]).toContain(response.statusCode);
  const faults = [...(said.errors ?? []), ...(said.rejected ?? []).flatMap(({ errors }) => errors)];
  if (response.statusCode >= 400) expect(said.detail).toBeTruthy();
  for (const text of [said.detail ?? '', ...faults.flatMap(({ path, message }) => [path, message])]) {
    // Words of the caller are quoted; the rest of an answer is ours.
    expect(text.replace(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(RAW);
    expect(text).not.toContain('198765432');
  }
  for (const { message } of faults) expect(message).not.toBe('');
  return { status: response.statusCode, said };
}

const TO = '?to=group:oncall';
const ONE = 'application/cloudevents+json';
const MANY = 'application/cloudevents-batch+json';
const { id: _id, ...alert } = {
  ...ALERT,
  labels: { team: 'a' },
  source: 's',
  dedupKey: 'k',
  status: 'firing',
  purpose: 'alert',
  raisedAt: EVENT.time,
};

test.each<[url: string, example: unknown, type: string]>([
  ['/v1/alerts', { ...ALERT, ...alert }, 'application/json'],
  ['/v1/alerts', [alert, { ...alert, template: { name: 't', params: { code: '1' } } }], 'application/json'],
  ['/v1/alerts/resolve', RESOLVE, 'application/json'],
  [`/v1/webhooks/alertmanager${TO}`, ALERTMANAGER, 'application/json'],
  [`/v1/webhooks/grafana${TO}`, GRAFANA, 'application/json'],
  [`/v1/webhooks/hertzbeat${TO}`, HERTZBEAT, 'application/json'],
  [`/v1/webhooks/hertzbeat${TO}`, HERTZBEAT_OLD, 'application/json'],
  [`/v1/webhooks/cloudevents${TO}`, EVENT, ONE],
])(
  'any input posted to %s is answered in our words, and is never a server error: %j',
  async (url, example, type) => {
    await fc.assert(
      fc.asyncProperty(mutated(example), async (body) => void (await post(url, body, type))),
      { numRuns: RUNS },
    );
  },
  120_000,
);

test.each<[url: string, entry: unknown, good: unknown, wrap: (entries: unknown[]) => unknown, type: string]>([
  ['/v1/alerts', alert, alert, (entries) => entries, 'application/json'],
  [`/v1/webhooks/alertmanager${TO}`, firing(w1), firing(w1), (alerts) => ({ ...ALERTMANAGER, alerts }), 'application/json'],
  [`/v1/webhooks/grafana${TO}`, resolved(w1), firing(w1), (alerts) => ({ ...GRAFANA, alerts }), 'application/json'],
  [`/v1/webhooks/hertzbeat${TO}`, HERTZBEAT.alerts[0], HERTZBEAT.alerts[0], (alerts) => ({ ...HERTZBEAT, alerts }), 'application/json'],
  [`/v1/webhooks/cloudevents${TO}`, EVENT, EVENT, (events) => events, MANY],
])(
  'with any neighbours, the valid one of a batch posted to %s is accepted, and each other one has a verdict',
  async (url, entry, good, wrap, type) => {
    const neighbours = fc.array(fc.oneof(mutated(entry), odd), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(neighbours, fc.nat({ max: 4 }), async (others, place) => {
        const at = Math.min(place, others.length);
        const { said } = await post(url, wrap(others.toSpliced(at, 0, good)), type);
        const verdicts = [...(said.accepted ?? []), ...(said.rejected ?? [])].map(({ index }) => index).sort((a, b) => a - b);
        expect(verdicts).toEqual([...others.keys(), others.length]);
        expect((said.accepted ?? []).map(({ index }) => index)).toContain(at);
      }),
      { numRuns: RUNS / 5 },
    );
  },
  120_000,
);

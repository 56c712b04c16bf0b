import { pino } from 'pino';
import { afterEach } from 'vitest';
import type { ParsedAlert } from '../../src/alert/alert.ts';
import { newAlertId } from '../../src/alert/id.ts';
import { AlertError, parseAlert } from '../../src/alert/parse/parse-alert.ts';
import type { E164 } from '../../src/alert/phone/phone.ts';
import { systemClock } from '../../src/clock.ts';
import type { ReceiverDeps } from '../../src/http/server/http-deps.ts';
import { createHttpServer, type HttpServerDeps } from '../../src/http/server/http-server.ts';
import { directoryOf } from '../../src/pipeline/routing/directory.ts';
import type { Acknowledgement, EnqueueResult } from '../../src/queue/producer/producer-port.ts';
import { alertHistory as alertTraceOf, messageHistory as messageTraceOf } from '../support/fixtures/history.ts';

export const contacts = new Map([['alice', { phone: '+60123456789' as E164, consent: true }]]);
export const groups = new Map([['oncall', ['alice']]]);

export const names = {
  defaultCountry: undefined,
  contacts,
  groups,
  rotations: new Map(),
  templates: new Map(),
  routes: [],
  providers: new Map(),
};
const directory = directoryOf(names, systemClock);

/** Keeps what it takes in memory, each id once, by the rules of the real one. */
export class RecordingProducer {
  readonly taken: (ParsedAlert & { id: string })[] = [];
  readonly resolved: string[] = [];
  /** Runs before each call: throw or wait here. */
  before: () => Promise<void> = async () => undefined;

  async enqueueMany(alerts: readonly unknown[]): Promise<EnqueueResult[]> {
    await this.before();
    return alerts.map((data) => {
      try {
        const alert = parseAlert(data, directory);
        const id = alert.id ?? newAlertId();
        const duplicate = this.taken.some((earlier) => earlier.id === id);
        if (!duplicate) this.taken.push({ ...alert, id });
        return { ok: true, id, duplicate };
      } catch (error) {
        if (error instanceof AlertError) return { ok: false, issues: error.issues };
        throw error;
      }
    });
  }

  async resolve(dedupKey: string): Promise<void> {
    await this.before();
    this.resolved.push(dedupKey);
  }

  /** What each id is answered; any other one is unknown. */
  readonly acknowledgements = new Map<string, Acknowledgement>();
  readonly acknowledged: (readonly [alertId: string, by: string])[] = [];

  async acknowledge(alertId: string, by: string): Promise<Acknowledgement> {
    await this.before();
    this.acknowledged.push([alertId, by]);
    return this.acknowledgements.get(alertId) ?? { kind: 'missing' };
  }
}

export const messageHistory = messageTraceOf({
  id: 'm-known',
  alertId: 'known',
  contact: 'alice',
  state: 'deferred',
  reason: 'rate_cap_recipient',
  until: '2026-11-20T04:00:00.000Z',
  attempts: [{ provider: 'twilio-main', startedAt: '2026-11-20T03:00:00.000Z', result: 'refused', reason: 'throttled', status: 429 }],
  events: [{ at: '2026-11-20T03:00:00.000Z', stage: 'rate-cap', verdict: 'deferred', reason: 'rate_cap_recipient' }],
});

export const alertHistory = alertTraceOf({
  id: 'known',
  events: [{ at: '2026-11-20T03:00:00.000Z', stage: 'severity-gate', verdict: 'pass' }],
  messages: [messageHistory],
});

export const histories = {
  alert: async (id: string) => (id === 'known' || id.length === 128 ? { ...alertHistory, id } : undefined),
  message: async (id: string) => (id === 'm-known' ? messageHistory : undefined),
};

/** Every list holds the one alert, or message, that is known. */
export const lists: ReceiverDeps['lists'] = {
  alerts: async (_, cursor) => (cursor === undefined ? { items: [alertHistory], next: '1763600000000-0' } : undefined),
  messages: async (_, cursor) => (cursor === undefined ? { items: [messageHistory], next: null } : undefined),
};

/** No provider at all: receipts have tests of their own. */
export const receipts: ReceiverDeps['receipts'] = { sources: new Map(), enqueue: async () => undefined, count: () => undefined };

export const inbound: ReceiverDeps['inbound'] = { sources: new Map(), enqueue: async () => undefined, count: () => undefined };

export const http: ReceiverDeps['config']['http'] = {
  port: 0,
  host: '127.0.0.1',
  publicUrl: undefined,
  allowedHosts: [],
  tokens: [],
  console: false,
  webhookTo: [],
};

export interface TestServer {
  readonly url: string;
  readonly producer: RecordingProducer;
  /** Every log line so far. */
  readonly lines: Record<string, unknown>[];
  close(): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

export interface TestServerOptions extends Partial<Omit<ReceiverDeps, 'config' | 'role' | 'producer'>> {
  readonly role?: HttpServerDeps['role'];
  readonly http?: Partial<ReceiverDeps['config']['http']>;
}

/** A server on a free loopback port, closed after the test. */
export async function openTestServer({ role = 'receiver', http: settings, ...given }: TestServerOptions = {}): Promise<TestServer> {
  const producer = new RecordingProducer();
  const lines: Record<string, unknown>[] = [];
  const listening = createHttpServer({
    role,
    config: { http: { ...http, ...settings }, ...names },
    producer,
    onAcknowledged: () => undefined,
    webhookCounts: { refused: () => undefined, unknownSeverities: () => undefined },
    histories,
    lists,
    now: () => new Date(),
    receipts,
    inbound,
    metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: async () => 'sms_alerts_total 0\n' },
    readiness: async () => ({ ready: true, reasons: [] }),
    logger: pino({ level: 'debug', base: null }, { write: (line) => lines.push(JSON.parse(line)) }),
    ...given,
  });
  const url = `http://127.0.0.1:${await listening.listen({ host: '127.0.0.1', port: 0 })}`;
  const server: TestServer = {
    url,
    producer,
    lines,
    close: () => listening.close(),
    get: (path, headers = {}) => fetch(url + path, { headers }),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
  };
  open.push(server);
  return server;
}

/** The body of an answer that must be problem details of this kind. */
export async function problemOf(response: Response): Promise<{ kind: string; status: number; detail?: string; [member: string]: unknown }> {
  const body = (await response.json()) as { type: string; title: string; status: number };
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json' || body.status !== response.status || typeof body.title !== 'string') {
    throw new Error(`not problem details: ${response.status} ${type} ${JSON.stringify(body)}`);
  }
  return { ...body, kind: body.type.replace('urn:sms-dispatch:problem:', '') };
}

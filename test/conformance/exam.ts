import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { E164 } from '../../src/alert/phone.ts';
import type { Clock } from '../../src/clock.ts';
import type { Accepted, Provider, ProviderError, ProviderReason, Refused, SmsMessage } from '../../src/provider/provider.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { HANDSHAKE_FAULTS, MISBEHAVIOURS, startFaultServer, startHandshakeFault } from '../support/vendors/fault-server.ts';
import { type Hit, type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';

/** Where and when a candidate is to work. */
export interface Bench {
  /** For the vendor's `baseUrl`. */
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Stands still at {@link NOW}. */
  readonly clock: Clock;
}

/** One adapter that sits the exam. */
export interface Candidate {
  create(bench: Bench): Promise<Provider>;
  /** The keys of its config, as they are written there: none may be found in anything it returns. */
  readonly secrets: readonly string[];
  /** For an adapter that speaks to a vendor over HTTP. */
  readonly wire?: Wire;
  /** For one that does not: a message that is taken, and then no answer comes. */
  readonly unanswered?: SmsMessage;
}

export interface Wire {
  /** What {@link MESSAGE} looks like to the vendor. Headers that it does not name are free; `body` is compared byte for byte. */
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** How the vendor says yes, and what the adapter reads in it. */
  readonly yes: Reply & object;
  readonly accepted: Accepted;
  /** Reasons of bare HTTP statuses (body `{}`) where this vendor departs from the rule. */
  readonly statuses?: Readonly<Record<number, ProviderReason>>;
}

export const NOW = new Date('2026-11-20T03:00:00.000Z');
/** Characters that break careless encoders: quotes, braces of templates, plus, ampersand, percent, Chinese, an emoji, a line break. */
export const MESSAGE: SmsMessage = {
  id: 'm-exam_1',
  to: '+60123456789' as E164,
  text: 'CRITICAL: "disk" {to} full? 100% & a+b=c \\ 你好 🔥\nline 2',
  expiresAt: new Date(NOW.getTime() + 600_000),
  variables: { instance: 'db-1', priority: 'CRITICAL', content: 'disk full' },
};

/** Where the deadline is what is examined; elsewhere it must not interfere, however busy the machine of a test run is. */
const SHORT_MS = 300;
const LONG_MS = 10_000;
/** The machine of a test run is busy. */
const SLACK_MS = 700;

type Result = Accepted | Refused;

/** Every adapter passes the same exam: what it may return, when, and what it may never do. */
export function sitExam(name: string, candidate: Candidate): void {
  describe(`${name} sits the exam of every provider`, () => {
    const examine = examiner(candidate);
    if (candidate.wire === undefined) sitOffline(candidate, examine);
    else sitWire(candidate.wire, examine);
  });
}

type Examiner = ReturnType<typeof examiner>;

function examiner(candidate: Candidate) {
  const create = async (baseUrl: string, timeoutMs = LONG_MS) => {
    const provider = await candidate.create({ baseUrl, timeoutMs, clock: { now: () => NOW } });
    onTestFinished(() => provider.close());
    return provider;
  };

  /** One send, timed; nothing secret may be in what comes back, and no listener left on the signal. */
  const attempt = async (provider: Provider, message = MESSAGE, signal = new AbortController().signal) => {
    const startedAt = performance.now();
    const result = await provider.send(message, signal);
    const elapsedMs = performance.now() - startedAt;
    expectClean(result, [...candidate.secrets, message.to, message.to.slice(1)]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    return { result, elapsedMs };
  };

  const refused = async (provider: Provider, message = MESSAGE, signal?: AbortSignal) => {
    const { result, elapsedMs } = await attempt(provider, message, signal);
    return { error: errorOf(result), elapsedMs };
  };

  return { create, attempt, refused };
}

/** The exam itself must notice an adapter that talks: see exam.test.ts. */
export function expectClean(result: Result, secrets: readonly string[]): void {
  const shown = [inspect(result, { depth: 20, showHidden: true }), JSON.stringify(result)];
  if (result.kind === 'refused')
    shown.push(result.error.message, result.error.stack ?? '', String(result.error), inspect(result.error.cause));
  expect(secrets.filter((secret) => shown.some((text) => text.includes(secret)))).toEqual([]);
}

function errorOf(result: Result): ProviderError {
  expect(result).toMatchObject({ kind: 'refused' });
  return (result as Refused).error;
}

/** Nobody knows whether it was sent: neither another provider nor a later try, unless policy says so. */
const UNKNOWN = { reason: 'unknown_outcome', failover: false, retry: false };
/** Surely not sent. */
const NOT_SENT = { reason: 'unavailable', failover: true, retry: true };

/** A kept socket is ready for the next request one turn of the event loop after its answer. */
const nextTurn = () => new Promise(setImmediate);

function expectWithin(elapsedMs: number, atLeastMs: number): void {
  // Timers may fire a hair early.
  expect(elapsedMs).toBeGreaterThan(atLeastMs - 5);
  expect(elapsedMs).toBeLessThan(atLeastMs + SLACK_MS);
}

function sitOffline({ unanswered }: Candidate, { create, attempt, refused }: Examiner): void {
  it('accepts, with an id for each text', async () => {
    const provider = await create('http://127.0.0.1:9');
    const results = await Promise.all(Array.from({ length: 50 }, async () => (await attempt(provider)).result));
    const ids = results.map((result) => (result.kind === 'accepted' ? result.providerMessageId : result.error.reason));
    expect(new Set(ids).size).toBe(50);
    expect(results.every(({ kind }) => kind === 'accepted')).toBe(true);
  });

  it('does nothing when the signal is aborted already', async () => {
    const { error, elapsedMs } = await refused(await create('http://127.0.0.1:9'), unanswered, AbortSignal.abort());
    expect(error).toMatchObject({ ...NOT_SENT, code: 'ABORTED' });
    expectWithin(elapsedMs, 0);
  });

  it('settles at once when the signal aborts while it waits for an answer', async () => {
    const caller = new AbortController();
    const sending = refused(await create('http://127.0.0.1:9'), unanswered, caller.signal);
    await nextTurn();
    const abortedAt = performance.now();
    caller.abort();
    expect((await sending).error).toMatchObject({ ...UNKNOWN, code: 'ABORTED' });
    expectWithin(performance.now() - abortedAt, 0);
  });

  it('keeps its deadline', async () => {
    const { error, elapsedMs } = await refused(await create('http://127.0.0.1:9', SHORT_MS), unanswered);
    expect(error).toMatchObject({ ...UNKNOWN, code: 'TIMEOUT' });
    expectWithin(elapsedMs, SHORT_MS);
  });
}

function sitWire(wire: Wire, examine: Examiner): void {
  describe('on the wire', () => sitRequests(wire, examine));
  describe('whatever the status', () => sitStatuses(wire, examine));
  describe('when nothing was sent', () => sitNotSent(examine));
  describe('when it may have been sent', () => sitMaybeSent(examine));
  describe('on its connections', () => sitConnections(wire, examine));
}

/** A vendor that records, and says the same to all. */
async function startVendor(reply: Reply | ((hit: Hit) => Reply)) {
  const hits: Hit[] = [];
  const vendor = await startHttpVendor((hit) => {
    hits.push(hit);
    return typeof reply === 'function' ? reply(hit) : reply;
  });
  onTestFinished(vendor.close);
  return { url: vendor.url, hits };
}

function sitRequests(wire: Wire, { create, attempt, refused }: Examiner): void {
  it('makes exactly the request that the vendor documents, and reads its yes', async () => {
    const vendor = await startVendor(wire.yes);
    const { result } = await attempt(await create(vendor.url));
    expect(result).toEqual(wire.accepted);
    expect(vendor.hits).toHaveLength(1);
    const [{ method, path, headers, body }] = vendor.hits as [Hit];
    expect({ method, path, body }).toEqual({ method: wire.request.method, path: wire.request.path, body: wire.request.body });
    expect(headers).toMatchObject(wire.request.headers);
  });

  it('sends to a base URL with a path of its own', async () => {
    const vendor = await startVendor(wire.yes);
    const { result } = await attempt(await create(`${vendor.url}/proxy/sms/`));
    expect(result).toEqual(wire.accepted);
    expect(vendor.hits.map(({ path }) => path)).toEqual([`/proxy/sms${wire.request.path}`]);
  });

  it('follows no redirect', async () => {
    const elsewhere = await startVendor(wire.yes);
    for (const status of [301, 302, 303, 307, 308]) {
      const vendor = await startVendor({ status, headers: { location: elsewhere.url }, body: '' });
      const { error } = await refused(await create(vendor.url));
      expect(error).toMatchObject({ ...UNKNOWN, status });
      expect(vendor.hits).toHaveLength(1);
    }
    expect(elsewhere.hits).toHaveLength(0);
  });

  it.each([
    ['in seconds', '7', 7_000],
    ['as a date', new Date(NOW.getTime() + 90_000).toUTCString(), 90_000],
    ['beyond reason', '999999999999', 86_400_000],
  ])('waits as long as a throttling vendor asks %s', async (_form, retryAfter, waitMs) => {
    const vendor = await startVendor({ status: 429, headers: { 'retry-after': retryAfter }, body: '{}' });
    const { error } = await refused(await create(vendor.url));
    expect(error).toMatchObject({ reason: 'throttled', status: 429, retryAt: new Date(NOW.getTime() + waitMs) });
    expect(vendor.hits).toHaveLength(1);
  });

  it('repeats nothing of what a talkative vendor quotes back', async () => {
    for (const status of [200, 400, 401, 429, 500]) {
      const vendor = await startVendor(({ headers, body }) => ({
        status,
        headers: { 'x-echo': `${MESSAGE.to} ${headers.authorization ?? ''}` },
        body: JSON.stringify({ code: MESSAGE.to, message: `${MESSAGE.to}: ${JSON.stringify(headers)} ${body}`, detail: body, status }),
      }));
      await refused(await create(vendor.url));
      expect(vendor.hits).toHaveLength(1);
    }
  });
}

/** The rule for a vendor that says no more than a status. Written out here, not taken from the code under test. */
function ruleFor(status: number): ProviderReason {
  if (status === 401 || status === 403) return 'auth';
  if (status === 402) return 'balance';
  if (status === 429) return 'throttled';
  if (status >= 400 && status < 500 && status !== 408) return 'content';
  return 'unknown_outcome';
}

function sitStatuses(wire: Wire, { create, refused }: Examiner): void {
  const expected = (status: number) => wire.statuses?.[status] ?? ruleFor(status);
  const answer = (status: number, body: string) => `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  const every = Array.from({ length: 500 }, (_, index) => 100 + index);
  const usual = [
    200, 201, 202, 204, 206, 301, 304, 307, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 422, 429, 500, 502, 503, 504, 511,
  ];

  it.each([
    ['every status from 100 to 599', every, '{}'],
    ['the usual statuses without a body', usual, ''],
    ['the usual statuses with a page of HTML', usual, '<html></html>'],
  ])(
    'classifies %s, after one request each',
    async (_what, statuses, body) => {
      let status = 0;
      const server = await startFaultServer((socket) => {
        socket.write(answer(status, body));
        // A 1xx announces an answer, which never comes; 204 and 304 have no body, so what follows would be the next answer.
        if (status < 200 || status === 204 || status === 304) socket.end();
      });
      onTestFinished(server.close);
      const provider = await create(server.url);
      const wrong: unknown[] = [];
      for (status of statuses) {
        const { error } = await refused(provider);
        // A 1xx is no answer, so there is no status to tell.
        const told = status < 200 ? undefined : status;
        if (error.reason !== expected(status) || error.status !== told) wrong.push({ status, reason: error.reason, told: error.status });
      }
      expect(wrong).toEqual([]);
      expect(server.requests).toBe(statuses.length);
    },
    60_000,
  );

  it.each([400, 401, 429, 500])('believes a status line of %i although the body breaks', async (status) => {
    const server = await startFaultServer((socket) => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 100\r\n\r\n{"code":`));
    onTestFinished(server.close);
    const { error } = await refused(await create(server.url));
    expect(error).toMatchObject({ reason: ruleFor(status), status });
    expect(server.requests).toBe(1);
  });
}

function sitNotSent({ create, refused }: Examiner): void {
  it('says so when the port is closed', async () => {
    const { error } = await refused(await create(`http://127.0.0.1:${await freePort()}`));
    expect(error).toMatchObject({ ...NOT_SENT, code: 'ECONNREFUSED' });
  });

  it('says so when the name does not resolve', async () => {
    const { error, elapsedMs } = await refused(await create('http://vendor.invalid', SHORT_MS));
    expect(error).toMatchObject(NOT_SENT);
    // A resolver that is away answers with nothing at all.
    expect(['ENOTFOUND', 'EAI_AGAIN', 'TIMEOUT']).toContain(error.code);
    expect(elapsedMs).toBeLessThan(SHORT_MS + SLACK_MS);
  });

  it.each(Object.entries(HANDSHAKE_FAULTS))('says so when the server %s', async (_fault, createServer) => {
    const server = await startHandshakeFault(createServer);
    onTestFinished(server.close);
    const { error, elapsedMs } = await refused(await create(server.url, SHORT_MS));
    expect(error).toMatchObject(NOT_SENT);
    expect(elapsedMs).toBeLessThan(SHORT_MS + SLACK_MS);
    expect(server.connections).toBe(1);
    expect(server.requests).toBe(0);
  });

  it('connects to nobody when the signal is aborted already', async () => {
    const server = await startFaultServer(MISBEHAVIOURS['never answers']);
    onTestFinished(server.close);
    const { error, elapsedMs } = await refused(await create(server.url), MESSAGE, AbortSignal.abort());
    expect(error).toMatchObject({ ...NOT_SENT, code: 'ABORTED' });
    expectWithin(elapsedMs, 0);
    expect(server.connections).toBe(0);
  });

  it('says so when the signal aborts while it connects, and writes nothing afterwards', async () => {
    const server = await startHandshakeFault(HANDSHAKE_FAULTS['never answers the handshake']);
    onTestFinished(server.close);
    const provider = await create(server.url);
    const caller = new AbortController();
    const sending = refused(provider, MESSAGE, caller.signal);
    await until(() => server.connections === 1);
    const abortedAt = performance.now();
    caller.abort();
    expect((await sending).error).toMatchObject({ ...NOT_SENT, code: 'ABORTED' });
    // It waits for nobody: the handshake would go on for seconds.
    await provider.close();
    await until(() => server.open === 0);
    expectWithin(performance.now() - abortedAt, 0);
    expect(server).toMatchObject({ requests: 0, connections: 1 });
  });
}

/** Only the deadline ends these. */
const ENDLESS = ['never answers', 'drips its headers for ever', 'stalls in the body', 'drips its body for ever'];

function sitMaybeSent({ create, refused }: Examiner): void {
  it.each(Object.entries(MISBEHAVIOURS))('does not know when the server %s', async (fault, misbehave) => {
    const server = await startFaultServer(misbehave);
    onTestFinished(server.close);
    const endless = ENDLESS.includes(fault);
    const { error, elapsedMs } = await refused(await create(server.url, endless ? SHORT_MS : LONG_MS));
    expect(error).toMatchObject(UNKNOWN);
    if (endless) {
      expect(error.code).toBe('TIMEOUT');
      expectWithin(elapsedMs, SHORT_MS);
    } else {
      expect(error.code).not.toBe('TIMEOUT');
    }
    expect(server.requests).toBe(1);
  });

  it('settles at once when the signal aborts while it waits for an answer, and hangs up', async () => {
    const caller = new AbortController();
    let abortedAt = 0;
    let hungUp = false;
    const server = await startFaultServer((socket) => {
      socket.once('close', () => (hungUp = true));
      abortedAt = performance.now();
      caller.abort();
    });
    onTestFinished(server.close);
    const { error } = await refused(await create(server.url), MESSAGE, caller.signal);
    expectWithin(performance.now() - abortedAt, 0);
    expect(error).toMatchObject({ ...UNKNOWN, code: 'ABORTED' });
    await until(() => hungUp);
    expect(server.requests).toBe(1);
  });
}

function sitConnections(wire: Wire, { create, attempt, refused }: Examiner): void {
  const yes = `HTTP/1.1 ${wire.yes.status} X\r\nContent-Length: ${Buffer.byteLength(wire.yes.body)}\r\n\r\n${wire.yes.body}`;

  it('keeps one alive from send to send', async () => {
    const server = await startFaultServer((socket) => socket.write(yes));
    onTestFinished(server.close);
    const provider = await create(server.url);
    for (let sent = 0; sent < 5; sent++) {
      expect((await attempt(provider)).result).toEqual(wire.accepted);
      await nextTurn();
    }
    expect(server).toMatchObject({ requests: 5, connections: 1 });
  });

  it('sends through a new one when the kept one was closed in the meantime', async () => {
    let closed: Promise<unknown> | undefined;
    const server = await startFaultServer((socket) => {
      closed = new Promise((resolve) => socket.once('close', resolve));
      socket.end(yes);
    });
    onTestFinished(server.close);
    const provider = await create(server.url);
    for (let sent = 1; sent <= 3; sent++) {
      expect((await attempt(provider)).result).toEqual(wire.accepted);
      await closed;
      expect(server).toMatchObject({ requests: sent, connections: sent });
    }
  });

  it('does not send again when a kept one breaks under the request', async () => {
    const server = await startFaultServer((socket) => (server.requests === 1 ? socket.write(yes) : socket.resetAndDestroy()));
    onTestFinished(server.close);
    const provider = await create(server.url);
    expect((await attempt(provider)).result).toEqual(wire.accepted);
    await nextTurn();
    expect((await refused(provider)).error).toMatchObject(UNKNOWN);
    expect(server).toMatchObject({ requests: 2, connections: 1 });
  });

  it('carries many sends at once under one signal', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    onTestFinished(() => void process.off('warning', listen));
    const vendor = await startVendor(wire.yes);
    const provider = await create(vendor.url);
    const { signal } = new AbortController();
    const results = await Promise.all(Array.from({ length: 50 }, () => provider.send(MESSAGE, signal)));
    expect(results).toEqual(Array.from({ length: 50 }, () => wire.accepted));
    expect(vendor.hits).toHaveLength(50);
    // Warnings are emitted on the next tick.
    await nextTurn();
    expect(warnings).toEqual([]);
  });

  it('closes them when it is closed, and sends nothing after', async () => {
    const server = await startFaultServer((socket) => socket.write(yes));
    onTestFinished(server.close);
    const provider = await create(server.url);
    await Promise.all([attempt(provider), attempt(provider)]);
    await provider.close();
    await until(() => server.open === 0);
    expect((await refused(provider)).error).toMatchObject(NOT_SENT);
    expect(server).toMatchObject({ requests: 2, connections: 2 });
  });

  it('lets what is under way end before it closes', async () => {
    let answer = () => {};
    const server = await startFaultServer((socket) => {
      answer = () => socket.write(yes);
    });
    onTestFinished(server.close);
    const provider = await create(server.url);
    const sending = attempt(provider);
    await until(() => server.requests === 1);
    const closed = provider.close();
    answer();
    expect((await sending).result).toEqual(wire.accepted);
    await closed;
  });
}

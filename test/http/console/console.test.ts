import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ShownEntry } from '../../../src/http/console/api.ts';
import { createInboundLog } from '../../../src/ledger/inbound/kept-inbound.ts';
import { QUEUES } from '../../../src/queue/names.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { metrics } from '../../support/system.ts';
import { until } from '../../support/until.ts';
import { openTestServer } from '../test-server.ts';
import { ask, problem, watch, write } from './browser.ts';
import { consoleOf } from './console-of.ts';
import { bearer, type ConsoleSystem, consoleSystems, TOKEN } from './console-system.ts';

const { redisUrl, prefix, log, start } = consoleSystems();

/** Every number that anything here is seeded with, in its tell-tale middle. */
const NUMBERS = /3345678|4455667|5566778|6677889/;

let system: ConsoleSystem;
let page: string;
let raw: Queue;
beforeAll(async () => {
  system = await start(`console: true, tokens: [${TOKEN}, another-token-of-this-test]`);
  page = `${system.url}/console`;
  raw = new Queue('sms-alerts', { connection: { url: redisUrl }, prefix });
});
afterAll(async () => {
  await raw.close();
  await system.stop();
});

const api = (path: string, headers: Record<string, string> = bearer) => ask(`${page}/api/${path}`, { headers });
const tell = (path: string, body: unknown = {}) => write(`${page}/api/${path}`, body, bearer);
/** Raises an alert over the page and waits for its message to come to this state. */
async function send(to: string, state: string, text = 'disk full'): Promise<{ id: string; messageId: string }> {
  const sent = await tell('send', { to: [`contact:${to}`], severity: 'critical', text });
  expect(sent.status).toBe(202);
  const { id } = sent.json;
  const message = await until(async () =>
    (await api(`story/${id}`)).json.alert?.messages.find((one: { state: string }) => one.state === state),
  );
  return { id, messageId: message.id };
}

describe('the server', () => {
  it('without a token grants no access, but shows the login page', async () => {
    for (const path of ['overview', 'recent', 'live', 'search?q=alice', 'story/x', 'dead', 'unknown', 'inbound', 'outbox']) {
      expect([path, ...problem(await api(path, {}))]).toEqual([path, 401, 'unauthorized']);
    }
    for (const path of ['send', 'dead/x/replay', 'dead/x/discard', 'unknown/x']) {
      expect([path, ...problem(await write(`${page}/api/${path}`))]).toEqual([path, 401, 'unauthorized']);
    }
    for (const path of ['', '/', '/queue/sms-alerts', '/api/queues', '/static/favicon.ico']) {
      expect([path, (await ask(`${page}/queues${path}`)).status]).toEqual([path, 401]);
    }
    expect((await api('session', {})).json).toMatchObject({ open: false, needsToken: true });
  });

  it('opens for a right token with a cookie that holds, and shuts with it', async () => {
    const login = await write(`${page}/session`, { token: TOKEN });
    expect([login.status, login.text]).toEqual([204, '']);
    const [cookie = ''] = login.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^sms-dispatch-console=\d{13}\.[\w-]{43}; Path=\/console; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    const session = { cookie: cookie.replace(/;.*/, '') };
    expect((await api('session', session)).json).toMatchObject({ open: true });
    expect((await api('overview', session)).status).toBe(200);
    expect((await ask(`${page}/queues/api/queues`, { headers: session })).status).toBe(200);
    expect((await api('overview', { cookie: session.cookie.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')) })).status).toBe(401);
    const out = await write(`${page}/session`, {}, session, 'DELETE');
    expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0');
    // Past the API's own server nothing has changed: a session is no token.
    expect((await ask(`${system.url}/v1/alerts/x`, { headers: session })).status).toBe(401);
  });

  it('behind https the cookie is for https alone', async () => {
    const login = await write(`${page}/session`, { token: TOKEN }, { 'x-forwarded-proto': 'https' });
    expect(login.headers['set-cookie']?.[0]).toMatch(/; Secure$/);
  });

  it('slows down guessing, logs each try without the token, and still accepts the right one', async () => {
    const tries = await Promise.all([
      ...Array.from({ length: 8 }, () => write(`${page}/session`, { token: 'guessed-secret' })),
      ...Array.from({ length: 8 }, () => api('overview', { authorization: 'Bearer guessed-secret' })),
      write(`${page}/session`, { token: TOKEN }),
    ]);
    const statuses = tries.map(({ status }) => status);
    const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
    // Ten are free, and one more each second that this machine takes.
    expect([count(401) >= 10, count(429) > 0, count(401) + count(429), statuses.at(-1)]).toEqual([true, true, 16, 204]);
    expect(tries.find(({ status }) => status === 429)?.headers['retry-after']).toMatch(/^\d+$/);
    expect(log.filter((line) => line.includes('console login with a wrong token'))).toHaveLength(16);
    expect(log.join('')).not.toContain('guessed-secret');
  });

  it('takes no write out of another page, and none that is not JSON', async () => {
    const send = (headers: Record<string, string>) => write(`${page}/api/send`, {}, { ...bearer, ...headers });
    expect(problem(await send({ 'sec-fetch-site': 'cross-site' }))).toEqual([403, 'foreign-request']);
    expect(problem(await send({ origin: 'http://evil.example' }))).toEqual([403, 'foreign-request']);
    expect(problem(await send({ 'content-type': 'text/plain' }))).toEqual([415, 'unsupported-media-type']);
    expect(problem(await send({ 'sec-fetch-site': 'same-origin' }))).toEqual([400, 'invalid-request']);
    const login = await write(`${page}/session`, { token: TOKEN }, { 'sec-fetch-site': 'cross-site' });
    expect([login.status, login.headers['set-cookie']]).toEqual([403, undefined]);
  });
});

describe('the page', () => {
  it('is served under a strict policy, and again only when it has changed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'console-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const server = await openTestServer({ console: consoleOf({ pageDir: dir }) });
    const missing = await ask(`${server.url}/console`);
    expect([...problem(missing), missing.json.detail]).toEqual([404, 'not-found', expect.stringContaining('npm run build')]);

    await writeFile(join(dir, 'index.html'), `<!doctype html>${'x'.repeat(2000)}`);
    await writeFile(join(dir, 'app.js'), 'export {}');
    const html = await ask(`${server.url}/console`);
    expect(html).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      },
    });
    const again = await ask(`${server.url}/console`, { headers: { 'if-none-match': html.headers.etag as string } });
    expect([again.status, again.text]).toEqual([304, '']);
    const zipped = await ask(`${server.url}/console`, { headers: { 'accept-encoding': 'gzip, br' } });
    expect([zipped.headers['content-encoding'], zipped.text.length < 500]).toEqual(['gzip', true]);
    expect((await ask(`${server.url}/console/app.js`)).headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(problem(await write(`${server.url}/console`))).toEqual([405, 'method-not-allowed']);
  });

  it('is nowhere when it is off, and this machine alone when there are no tokens', async () => {
    const off = await openTestServer();
    for (const path of ['', '/', '/app.js', '/api/session', '/api/overview', '/queues/']) {
      expect([path, ...problem(await ask(`${off.url}/console${path}`))]).toEqual([path, 404, 'not-found']);
    }
    const open = await openTestServer({ console: consoleOf() });
    expect((await ask(`${open.url}/console/api/session`)).json).toMatchObject({ open: true, needsToken: false });
    expect((await ask(`${open.url}/console/api/recent`)).status).toBe(200);
    for (const path of ['', '/api/session', '/api/recent', '/api/live', '/queues/']) {
      const rebound = await ask(`${open.url}/console${path}`, { headers: { host: 'evil.example' } });
      expect([path, ...problem(rebound)]).toEqual([path, 421, 'misdirected']);
    }
  });
});

describe('what it shows', () => {
  it('an overview, which Redis is asked for once a second however many look', async () => {
    const looks = await Promise.all([1, 2, 3].map(() => api('overview')));
    expect(new Set(looks.map(({ json }) => json.at)).size).toBe(1);
    expect(looks[0]?.json).toMatchObject({
      workers: { routers: expect.any(Number), dispatchers: expect.any(Number) },
      caps: [{ cap: 'per_hour', max: 1000 }],
      providers: [{ provider: 'phone', type: 'simulated', circuit: 'closed' }],
      names: {
        recipients: ['contact:alice', 'contact:nobody', 'contact:silent', 'group:oncall'],
        severities: ['info', 'warning', 'error', 'critical'],
        hasOutbox: true,
        boardPath: '/console/queues/',
      },
    });
  });

  it('a message on its way, live to every viewer, and again after a lost connection', async () => {
    const first = await watch(`${page}/api/live`, bearer);
    const { id, messageId } = await send('alice', 'delivered', 'live 1');
    const states = () =>
      first.events.map(
        ({ data }) => (data as ShownEntry).kind === 'message' && (data as never as { message: { state: string } }).message.state,
      );
    await until(() => states().includes('delivered'));
    expect(first.events[0]).toMatchObject({
      name: 'message',
      data: { kind: 'alert', alert: { id, outcome: 'routed', contacts: ['alice'] } },
    });
    expect(first.events.at(-1)?.data).toMatchObject({
      message: { id: messageId, recipient: '+60*******789 (alice)', severity: 'critical' },
    });
    first.close();
    const seen = first.events[0]?.id as string;
    const back = await watch(`${page}/api/live`, { ...bearer, 'last-event-id': seen });
    await until(() => back.events.length >= first.events.length - 1);
    expect(back.events.map((event) => event.id)).toEqual(first.events.slice(1).map((event) => event.id));
    const recent = (await api('recent?limit=2')).json.entries as ShownEntry[];
    expect(recent.map(({ seq }) => seq)).toEqual(
      first.events
        .slice(-2)
        .reverse()
        .map((event) => event.id),
    );
    const older = (await api(`recent?limit=1&before=${recent[1]?.seq}`)).json.entries as ShownEntry[];
    expect(older.map(({ seq }) => seq)).toEqual([first.events.at(-3)?.id]);
    expect([(await api('recent?limit=x')).status, (await api('recent?before=x')).status, (await api('live?after=x')).status]).toEqual([
      400, 400, 400,
    ]);
    expect(problem(await ask(`${page}/api/live`, { method: 'HEAD', headers: bearer }))[0]).toBe(405);
  });

  it('what is searched for by id, dedup key and contact, and kindly not by number', async () => {
    const { id, messageId } = await send('alice', 'delivered', 'searched for');
    const found = async (q: string) => (await api(`search?q=${encodeURIComponent(q)}`)).json.found as ShownEntry[];
    const ids = (entries: readonly ShownEntry[]) =>
      entries.map((entry) => (entry.kind === 'alert' ? entry.alert.id : entry.message.alertId));
    expect(new Set(ids(await found(id)))).toEqual(new Set([id]));
    expect((await found(messageId)).every((entry) => entry.kind === 'message')).toBe(true);
    expect(ids(await found('alice'))).toContain(id);
    expect(ids(await found('contact:alice'))).toContain(id);
    const key = (await api(`story/${id}`)).json.alert.dedupKey;
    expect(ids(await found(key))).toContain(id);
    expect(await found('no-such-thing')).toEqual([]);
    const refused = await api(`search?q=${encodeURIComponent('+60133456789')}`);
    expect([...problem(refused), refused.json.detail]).toEqual([400, 'invalid-request', expect.stringContaining('search by contact')]);
    expect((await api('search')).status).toBe(400);
    expect((await api('search?q=alice')).json.searchedSince).toMatch(/^\d{4}-/);
  });

  it('an alert that no router has taken yet', async () => {
    await raw.pause();
    onTestFinished(() => raw.resume());
    const sent = await tell('send', { to: ['group:oncall'], severity: 'info', text: 'waits' });
    const { found } = (await api(`search?q=${sent.json.id}`)).json;
    expect(found).toMatchObject([{ kind: 'alert', alert: { id: sent.json.id, outcome: 'pending', messages: 0 } }]);
    expect((await api(`story/${sent.json.id}`)).json).toMatchObject({
      kind: 'alert',
      story: { conclusion: { text: expect.stringContaining('the queue sms-alerts is paused') } },
    });
  });

  it('the history of an alert and of a message, and of nothing', async () => {
    const { id, messageId } = await send('alice', 'delivered', 'told');
    expect((await api(`story/${id}`)).json).toMatchObject({
      kind: 'alert',
      alert: { id },
      story: { conclusion: { text: expect.stringMatching(/^Not texted \(simulated: no phone was texted\): accepted by /) } },
    });
    expect((await api(`story/${messageId}`)).json).toMatchObject({ kind: 'message', message: { id: messageId }, story: { phones: [] } });
    expect(problem(await api('story/no-such-id'))).toEqual([404, 'not-found']);
    expect(problem(await api(`story/${encodeURIComponent('a b/c')}`))).toEqual([404, 'not-found']);
    const { messages } = (await api('outbox')).json;
    expect(messages[0]).toMatchObject({ to: '+60*******789', messageId, text: expect.stringContaining('told') });
  });
});

describe('what people answered', () => {
  it('the newest first, without a number', async () => {
    const redis = new Redis(redisUrl);
    onTestFinished(() => redis.disconnect());
    const replies = createInboundLog(redis, createKeys(prefix));
    const reply = { provider: 'phone', from: '+60*******789', kind: 'unmatched', reason: 'no_code', alerts: [] } as const;
    await replies.keep('SM1', { ...reply, at: '2026-11-20T03:00:00.000Z', contact: 'alice', text: 'who is this?' });
    await replies.keep('SM2', { ...reply, at: '2026-11-20T03:00:01.000Z', contact: null, text: 'call +60133456789' });
    expect((await api('inbound')).json).toEqual({
      total: 2,
      entries: [
        { ...reply, at: '2026-11-20T03:00:01.000Z', contact: null, text: 'call +60*******789' },
        { ...reply, at: '2026-11-20T03:00:00.000Z', contact: 'alice', text: 'who is this?' },
      ],
    });
  });
});

describe('what it does', () => {
  it('sends to configured names, and never to a number', async () => {
    for (const body of [
      { to: ['+60133456789'], severity: 'info', text: 'x' },
      { to: ['contact:eve'], severity: 'info', text: 'x' },
      { to: [], severity: 'info', text: 'x' },
      { to: ['contact:alice'], severity: 'loud', text: 'x' },
      { to: ['contact:alice'], severity: 'info', text: ' ' },
      { to: ['contact:alice'], severity: 'info', text: 'x', dedupKey: 'mine' },
      'nonsense',
    ]) {
      const refused = await tell('send', body);
      expect([body, ...problem(refused)]).toEqual([body, 400, 'invalid-request']);
      expect(refused.text).not.toMatch(NUMBERS);
    }
  });

  it('replays and discards dead letters, each once', async () => {
    const { id, messageId } = await send('nobody', 'failed', 'dead 1');
    const letter = async () => (await api('dead')).json.letters.find((one: { id: string }) => one.id === messageId);
    expect(await until(letter)).toMatchObject({
      what: 'message',
      alertId: id,
      contact: 'nobody',
      to: '+60*******006',
      reason: 'recipient',
    });
    expect((await tell(`dead/${messageId}/replay`)).json).toMatchObject({ results: [{ id: messageId, kind: 'replayed' }] });
    await until(async () => (await letter()) !== undefined && (await api(`story/${messageId}`)).json.message.attempts.length === 2);
    expect((await tell(`dead/${id}/discard`)).json).toEqual({ discarded: 1 });
    expect(await letter()).toBeUndefined();
    expect(problem(await tell(`dead/${messageId}/discard`))).toEqual([404, 'not-found']);
    expect(problem(await tell('dead/no-such-id/replay'))).toEqual([404, 'not-found']);
  });

  it('settles what is unknown reported by a person, and counts it once', async () => {
    const { messageId } = await send('silent', 'unknown', 'who knows');
    expect((await api('unknown')).json.messages.map((one: { id: string }) => one.id)).toEqual([messageId]);
    expect((await tell(`unknown/${messageId}`, { word: 'perhaps' })).status).toBe(400);
    expect((await tell(`unknown/${messageId}`, { word: 'sent' })).json).toEqual({ kind: 'settled' });
    expect((await tell(`unknown/${messageId}`, { word: 'sent' })).json).toEqual({ kind: 'kept', state: 'accepted' });
    expect((await tell('unknown/no-such-id', { word: 'sent' })).json).toEqual({ kind: 'kept' });
    expect((await api('unknown')).json.messages).toEqual([]);
    expect((await metrics(system.url)).get('sms_unknown_outcomes_total{provider="phone",resolution="operator"}')).toBe(1);
  });
});

describe('numbers', () => {
  it('are never shown in full, with any content of ids, keys, labels and broken jobs; and such alerts can be opened', async () => {
    const live = await watch(`${page}/api/live`, bearer);
    const id = '60144556677';
    await raw.add('alert', {
      id,
      severity: 'critical',
      to: '+60133456789',
      text: 'call +60155667788',
      dedupKey: 'tel:+60166778899',
      labels: { phone: '60155667788' },
    });
    await raw.add('alert', {
      id: 'dup.60144556677',
      severity: 'critical',
      to: '+60133456789',
      text: 'again',
      dedupKey: 'tel:+60166778899',
    });
    await raw.add(
      'tel-60155667788',
      { id: 'broken.60144556677', to: 60133456789, '60155667788': 'x', severity: 'critical', text: 'x' },
      { jobId: 'j-60144556677' },
    );
    await raw.add('alert', {
      id: 'dead.60144556677',
      severity: 'critical',
      to: 'contact:nobody',
      text: 'call +60155667788',
      dedupKey: 'dead/60166778899',
    });
    const letters = await until(async () => {
      const { letters } = (await api('dead')).json as { letters: { id: string; alertId: string | null }[] };
      return letters.length >= 2 ? letters : undefined;
    });
    const shown = letters.find((one) => one.id.startsWith('broken'))?.id as string;
    const dead = letters.find((one) => one.alertId?.startsWith('dead'));
    const entries = (await api('recent')).json.entries as ShownEntry[];
    const alert = entries.flatMap((entry) => (entry.kind === 'alert' && entry.alert.id.startsWith('+60') ? entry.alert : []))[0];
    expect(alert?.id).toMatch(/^\+60\*{7}677~/);

    const answers = [
      ...['overview', 'recent?limit=500', 'dead', 'unknown', 'inbound', 'outbox', 'search?q=alice', 'search?q=60144556677'],
      ...[alert?.id, shown, dead?.id, dead?.alertId, alert?.dedupKey].flatMap((one) => [
        `story/${encodeURIComponent(String(one))}`,
        `search?q=${encodeURIComponent(String(one))}`,
      ]),
    ].map((path) => api(path));
    const board = [
      '',
      'api/queues?activeQueue=sms-alerts&status=failed&page=1&jobsPerPage=50',
      'api/queues?activeQueue=sms-messages&status=failed&page=1&jobsPerPage=50',
      'api/queues/sms-alerts/j-60144556677',
      'api/queues/sms-alerts/j-60144556677/logs',
      'api/redis/stats',
      'api/job-schedulers',
    ].map((path) => ask(`${page}/queues/${path}`, { headers: bearer }));
    for (const answer of await Promise.all([...answers, ...board]))
      expect([answer.status, answer.text]).not.toEqual([expect.anything(), expect.stringMatching(NUMBERS)]);
    for (const one of await Promise.all(board)) expect(one.status).toBe(200);
    await until(() => live.events.length >= 5);
    expect(live.text()).not.toMatch(NUMBERS);
    expect(log.join('')).not.toMatch(NUMBERS);

    const story = (await api(`story/${encodeURIComponent(alert?.id as string)}`)).json;
    expect(story).toMatchObject({ kind: 'alert', alert: { id: alert?.id, messages: [{ contact: null }] } });
    expect((await api(`search?q=${encodeURIComponent(alert?.dedupKey as string)}`)).json.found.length).toBeGreaterThanOrEqual(2);
    expect((await tell(`dead/${encodeURIComponent(dead?.alertId as string)}/replay`)).json.results).toMatchObject([{ kind: 'replayed' }]);
    const discarded = await tell(`dead/${encodeURIComponent(shown)}/discard`);
    expect([discarded.json, discarded.text]).toEqual([{ discarded: 1 }, expect.not.stringMatching(NUMBERS)]);
  });
});

describe("the queues' own pages", () => {
  it('load nothing from elsewhere, show nothing that is said, and change nothing', async () => {
    const board = `${page}/queues/`;
    const html = await ask(board, { headers: bearer });
    expect(html.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    expect(html.text).toContain('<base href="/console/queues/"');
    expect(html.text).not.toMatch(/(?:href|src)="(?:https?:)?\/\/|<%/);
    const loads = [...html.text.matchAll(/(?:href|src)="((?:static)[^"]+)"/g)].map(([, path]) => path);
    expect(loads.length).toBeGreaterThan(4);
    for (const path of loads) expect([path, (await ask(board + path, { headers: bearer })).status]).toEqual([path, 200]);
    expect((await ask(`${board}static/../package.json`, { headers: bearer })).status).toBe(404);
    expect((await ask(`${board}static/%2e%2e/index.ejs`, { headers: bearer })).status).toBe(404);

    await send('nobody', 'failed', 'hidden words');
    const jobs = await until(async () => {
      const { json } = await ask(`${board}api/queues?activeQueue=sms-messages&status=failed&page=1&jobsPerPage=10`, { headers: bearer });
      return json.queues.find((queue: { name: string }) => queue.name === 'sms-messages').jobs.length > 0 && json;
    });
    expect(jobs.queues.map((queue: { name: string; readOnlyMode: boolean }) => [queue.name, queue.readOnlyMode])).toEqual(
      QUEUES.map((name) => [name, true]),
    );
    expect(JSON.stringify(jobs)).not.toContain('hidden words');
    const job = jobs.queues[1].jobs[0].id;
    for (const [method, path] of [
      ['PUT', 'api/queues/pause'],
      ['PUT', 'api/queues/sms-messages/pause'],
      ['PUT', `api/queues/sms-messages/${job}/retry`],
      ['PUT', `api/queues/sms-messages/${job}/clean`],
      ['POST', 'api/queues/sms-messages/add'],
      ['PUT', 'api/queues/sms-messages/obliterate'],
      ['PATCH', `api/queues/sms-messages/${job}/update-data`],
    ] as const) {
      expect([404, 405]).toContain((await write(board + path, {}, bearer, method)).status);
    }
    expect((await ask(`${board}api/queues/sms-messages/${job}`, { headers: bearer })).json.status).toBe('failed');
    expect((await ask(`${board}api/queues/sms-messages/${job}/flow`, { headers: bearer })).json).toMatchObject({ flowRoot: null });
  });
});

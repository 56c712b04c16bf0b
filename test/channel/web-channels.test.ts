import { describe, expect, it, onTestFinished } from 'vitest';
import type { Notice } from '../../src/channel/channel.ts';
import { type Hit, type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';
import { given, NOW, never, notice } from './given.ts';

it.each<[type: string, reply: Reply]>([
  ['slack', { status: 200, body: 'ok' }],
  ['slack', { status: 200, body: '{"ok":true}' }],
  ['rocketchat', { status: 200, body: '{"success":true}' }],
  ['discord', { status: 204, body: '' }],
  ['webhook', { status: 202, body: '{"error":null,"success":true}' }],
  ['webhook', { status: 200, body: 'queued' }],
])('%s accepts with %j', async (type, reply) => {
  const { url } = await receiver(reply);
  expect(await (await given({ type, url })).notify(notice(), never)).toEqual({ kind: 'accepted' });
});

/** A receiver that answers each call as told, and keeps what it was asked. */
async function receiver(reply: Reply | (() => Reply | Promise<Reply>) = { status: 200, body: 'ok' }) {
  const hits: Hit[] = [];
  const server = await startHttpVendor((hit) => {
    hits.push(hit);
    return typeof reply === 'function' ? reply() : reply;
  });
  onTestFinished(server.close);
  return { url: `${server.url}/services/T0/SECRET?token=SECRET`, hits };
}

async function told(type: string, over: Partial<Notice>, config: object = {}): Promise<{ body: Record<string, unknown>; hit: Hit }> {
  const { url, hits } = await receiver();
  const channel = await given({ type, url, ...config });
  expect(await channel.notify(notice(over), never)).toEqual({ kind: 'accepted' });
  const [hit] = hits;
  if (hit === undefined || hits.length !== 1) throw new Error(`${hits.length} calls`);
  return { hit, body: JSON.parse(hit.body) as Record<string, unknown> };
}

describe('slack', () => {
  it('gets what happened, where, and how it is called here, as plain text', async () => {
    const { body, hit } = await told('slack', {});
    expect(body).toEqual({
      text: [
        'CRITICAL: Database unreachable',
        'instance: db-1',
        'source: checkout',
        'labels: team=payments',
        'alert: order-42, route default, since 2026-11-20T03:00:00.000Z',
      ].join('\n'),
      mrkdwn: false,
    });
    expect(hit).toMatchObject({ method: 'POST', path: '/services/T0/SECRET?token=SECRET' });
    expect(hit.headers['content-type']).toMatch(/^application\/json/);
  });

  it('receives the number of the step and of all steps', async () => {
    const { body } = await told('slack', { step: 2, steps: 3, source: undefined, instance: undefined, labels: {} });
    expect(body.text).toBe('CRITICAL: Database unreachable\nalert: order-42, route default, step 2 of 3, since 2026-11-20T03:00:00.000Z');
  });

  it.each([
    ['<!channel> & <https://evil.example|click me>', '&lt;!channel&gt; &amp; &lt;https://evil.example|click me&gt;'],
    ['@channel @Here @everyone @all', '@\u200bchannel @\u200bHere @\u200beveryone @\u200ball'],
    ['bob@example.com asks @bob', 'bob@example.com asks @\u200bbob'],
    [
      '[status page](https://evil.example) ![](https://evil.example/x.png)',
      '[status page]\u200b(https://evil.example) ![]\u200b(https://evil.example/x.png)',
    ],
  ])('contains no mention and no disguised link for %s', async (text, shown) => {
    const { body } = await told('slack', { text, labels: { note: text } });
    expect(body.text).toContain(`CRITICAL: ${shown}\n`);
    expect(body.text).toContain(`labels: note=${shown}`);
  });

  it('gets no more labels and letters than can be read', async () => {
    const labels = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`label-${n}`, 'x'.repeat(500)]));
    const { body } = await told('slack', { text: 'y'.repeat(5000), labels });
    expect(String(body.text).length).toBeLessThan(3000);
    expect(body.text).toContain('+30 more');
  });
});

describe('discord', () => {
  it('gets the same text, without a mention whatever the text contains', async () => {
    const { body } = await told('discord', { text: '@everyone <@42>', labels: {} });
    expect(body.allowed_mentions).toEqual({ parse: [] });
    expect(body.content).toContain('CRITICAL: \\@everyone \\<\\@42\\>\n');
  });

  it.each([
    ['[Reset your password](https://evil.example/x_y)', '\\[Reset your password\\]\\(https://evil.example/x_y\\)'],
    ['# *loud* ~~no~~ ||spoiler|| `code` > quote', '\\# \\*loud\\* \\~\\~no\\~\\~ \\|\\|spoiler\\|\\| \\`code\\` \\> quote'],
    ['C:\\temp_dir', 'C:\\\\temp\\_dir'],
  ])('shows %s as it was written', async (text, content) => {
    const { body } = await told('discord', { text });
    expect(body.content).toContain(`CRITICAL: ${content}\n`);
  });

  it('gets 2000 characters at most, and no half of one', async () => {
    for (const text of ['*'.repeat(1600), `x${'😀'.repeat(800)}`]) {
      const { body } = await told('discord', {
        text,
        labels: Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`l${n}`, '_'.repeat(90)])),
      });
      expect(String(body.content).length).toBeLessThanOrEqual(2000);
      expect(String(body.content)).not.toMatch(/\p{Surrogate}/u);
      expect(String(body.content)).toMatch(/[^\\](…|\.\.\.)\nalert: order-42, route default, since [^\n]+$/);
    }
  });

  it('sets the retry time in seconds', async () => {
    const { url } = await receiver({
      status: 429,
      headers: { 'retry-after': '60' },
      body: '{"message":"slow","retry_after":0.5,"global":false}',
    });
    const refused = await (await given({ type: 'discord', url })).notify(notice(), never);
    expect(refused).toEqual({ kind: 'refused', retry: true, retryAt: new Date(NOW.getTime() + 500), code: 'http_429' });
  });
});

describe.each(['slack', 'mattermost', 'rocketchat'] as const)('%s', (type) => {
  it.each([
    '[status page](https://evil.example)',
    '![](https://evil.example/pixel.png)',
    '[status page][1]\n[1]: https://evil.example',
    '<https://evil.example|status page>',
    '@all @here @channel @everyone @Alice .@bob (@carol) x/@all',
    '<!here> <!channel> <!everyone|here> <@U123> <#C1|general>',
    '\uff20all \ufe6bhere',
    '\\[status page](https://evil.example)',
  ])('keeps the words of %s and gives them no power', async (text) => {
    const { body } = await told(type, { text, labels: { note: text }, source: text, instance: text });
    const sent = String(body.text);
    expect(sent).not.toMatch(/(?<!\\)\][([:]/);
    expect(sent).not.toMatch(/(?<![A-Za-z0-9])[@\uff20\ufe6b][A-Za-z]/);
    expect(sent).not.toMatch(/<[!@#h]/);
    expect(sent).toContain('evil.example'.slice(0, text.includes('evil') ? undefined : 0));
  });

  it('keeps e-mail addresses, plain addresses and the id', async () => {
    const { body } = await told(type, { text: 'bob@example.com saw https://status.example/a_b?c=d', labels: {} });
    expect(body.text).toContain('bob@example.com saw https://status.example/a_b?c=d\n');
    expect(body.text).toContain('alert: order-42, route default');
  });
});

it.each([
  ['slack', 40_000],
  ['mattermost', 4000],
  ['rocketchat', 5000],
  ['discord', 2000],
] as const)('a long alert to %s is cut to what it takes and keeps the id of the alert', async (type, max) => {
  for (const text of ['*'.repeat(1600), '&'.repeat(1600), 'word '.repeat(320), '@a '.repeat(530), `x${'\u{1f600}'.repeat(800)}`]) {
    const labels = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`l${n}`, '_'.repeat(200)]));
    const { body } = await told(type, { text, labels, route: 'r'.repeat(300), alertId: 'i'.repeat(128) });
    const sent = String(body.text ?? body.content);
    expect(sent.length).toBeLessThanOrEqual(max);
    expect(sent).toContain('i'.repeat(128));
    expect(sent).not.toMatch(/\p{Surrogate}/u);
  }
});

describe('a webhook', () => {
  it('gets the alert as JSON, a key by which it knows one that comes twice, and its own headers', async () => {
    const { body, hit } = await told('webhook', { step: 2, steps: 3 }, { headers: { Authorization: 'Bearer SECRET' } });
    expect(body).toEqual({
      version: '1',
      alert: {
        id: 'order-42',
        severity: 'critical',
        status: 'firing',
        text: 'Database unreachable',
        source: 'checkout',
        instance: 'db-1',
        labels: { team: 'payments' },
        receivedAt: '2026-11-20T03:00:00.000Z',
      },
      route: 'default',
      channel: 'ops',
      step: 2,
      steps: 3,
    });
    expect(hit.headers).toMatchObject({ authorization: 'Bearer SECRET', 'idempotency-key': 'n-1' });
  });
});

describe('a user name and password in the address', () => {
  it.each([
    ['ops:hunter2', 'ops:hunter2'],
    ['ops', 'ops:'],
    [':hunter2', ':hunter2'],
    ['ops:p%40ss%3Aw%2F', 'ops:p@ss:w/'],
    ['öps:pässword', 'öps:pässword'],
  ])('%s are sent as basic auth, by every channel', async (written, sent) => {
    for (const type of ['slack', 'discord', 'webhook']) {
      const { url, hits } = await receiver();
      const channel = await given({ type, url: url.replace('://', `://${written}@`) });
      await channel.notify(notice(), never);
      expect(hits[0]?.headers.authorization).toBe(`Basic ${Buffer.from(sent).toString('base64')}`);
      expect(hits[0]?.path).toBe('/services/T0/SECRET?token=SECRET');
    }
  });

  it.each([
    [{ url: 'https://ops:hunter2@x.example/', headers: { Authorization: 'Bearer t' } }, 'conflicts with the user name'],
    [{ url: 'https://ops:hunter%@x.example/' }, 'must be an address that begins with'],
    [{ url: 'https://o%3Aps:hunter2@x.example/' }, 'must not hold a colon'],
    [{ url: ' https://ops:hunter2@x.example/', headers: { Authorization: 'Bearer t' } }, 'begins with'],
    [{ url: '"https://x.example/"', headers: { Authorization: 'Bearer t' } }, 'enclosed in quotes'],
  ])('are refused where they cannot be sent as they stand: %j', async (config, says) => {
    await expect(given({ type: 'webhook', ...config })).rejects.toThrow(says);
  });
});

describe('what a receiver answers', () => {
  it.each<[name: string, type: string, reply: Reply, refused: object]>([
    [
      'throttled is a no for as long as it says',
      'slack',
      { status: 429, headers: { 'retry-after': '30' }, body: '' },
      { retry: true, retryAt: new Date(NOW.getTime() + 30_000), code: 'http_429' },
    ],
    ['trouble of its own may pass', 'webhook', { status: 503, body: 'oops' }, { retry: true, code: 'http_503' }],
    ['a 4xx stays, with its word', 'slack', { status: 404, body: 'no_service' }, { retry: false, code: 'http_404:no_service' }],
    [
      'a 4xx stays, with its code',
      'discord',
      { status: 404, body: '{"message": "Unknown Webhook", "code": 10015}' },
      { retry: false, code: 'http_404:10015' },
    ],
    [
      'words that say too much are left out',
      'slack',
      { status: 400, body: 'SECRET at https://x/T0 for +60123456789' },
      { retry: false, code: 'http_400' },
    ],
    ['a cut connection may pass', 'webhook', 'reset', { retry: true }],
    [
      'throttled with the wait in the body is a no for as long',
      'slack',
      { status: 429, body: '{"ok":false,"error":"ratelimited","retry_after":"30"}' },
      { retry: true, retryAt: new Date(NOW.getTime() + 30_000), code: 'http_429:ratelimited' },
    ],
    [
      'throttled with the wait in words is a no for as long',
      'rocketchat',
      {
        status: 429,
        body: '{"success":false,"error":"Error, too many requests. You must wait 46 seconds before trying this endpoint again."}',
      },
      { retry: true, retryAt: new Date(NOW.getTime() + 46_000), code: 'http_429' },
    ],
    [
      'a 200 that says to wait is a no for as long',
      'slack',
      { status: 200, body: '{"ok":false,"error":"rate_limited","retry_after":5}' },
      { retry: true, retryAt: new Date(NOW.getTime() + 5000), code: 'http_200:rate_limited' },
    ],
    [
      'a 200 that says success: false stays a no',
      'rocketchat',
      { status: 200, body: '{"success":false}' },
      { retry: false, code: 'http_200:refused' },
    ],
    [
      'a 200 that says ok: false stays a no',
      'slack',
      { status: 200, body: '{"ok":false,"error":"no_service"}' },
      { retry: false, code: 'http_200:no_service' },
    ],
    [
      'a 200 of another system that says success: false',
      'webhook',
      { status: 200, body: '{"success":false,"error":"SECRET"}' },
      { retry: false, code: 'http_200:refused' },
    ],
    [
      'a page for people is a no that may pass',
      'mattermost',
      { status: 200, body: '\ufeff\n<!DOCTYPE html><html>Sign in</html>' },
      { retry: true, code: 'http_200:html_page' },
    ],
    [
      'a page behind a comment is a no',
      'discord',
      { status: 200, body: '<!-- proxy --><HTML><body>Welcome' },
      { retry: true, code: 'http_200:html_page' },
    ],
    [
      'a page where a webhook should be is a no',
      'webhook',
      { status: 200, body: '<html><form action="/login">' },
      { retry: true, code: 'http_200:html_page' },
    ],
    [
      'the failure behind a 200 of Teams may pass where it is throttled',
      'webhook',
      {
        status: 200,
        body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x',
      },
      { retry: true, code: 'http_200:throttled' },
    ],
    [
      'the refusal of Mattermost has its id',
      'mattermost',
      { status: 400, body: '{"id":"web.incoming_webhook.disabled.app_error","status_code":400}' },
      { retry: false, code: 'http_400:web.incoming_webhook.disabled.app_error' },
    ],
  ])('%s', async (_name, type, reply, refused) => {
    const { url } = await receiver(reply);
    expect(await (await given({ type, url })).notify(notice(), never)).toMatchObject({ kind: 'refused', ...refused });
  });

  it('leads nowhere else: a redirect is a no', async () => {
    const elsewhere = await receiver();
    const { url } = await receiver({ status: 302, headers: { location: elsewhere.url }, body: '' });
    expect(await (await given({ type: 'slack', url })).notify(notice(), never)).toMatchObject({
      kind: 'refused',
      retry: false,
      code: 'http_302',
    });
    expect(elsewhere.hits).toEqual([]);
  });

  it('may never come: the wait ends when the signal aborts', async () => {
    const stop = new AbortController();
    const { url } = await receiver(() => {
      stop.abort();
      return 'hang';
    });
    expect(await (await given({ type: 'discord', url })).notify(notice(), stop.signal)).toMatchObject({
      kind: 'refused',
      retry: true,
      code: 'ABORTED',
    });
  });
});

it('an unreachable receiver is a retryable refusal', async () => {
  const channel = await given({ type: 'slack', url: 'http://127.0.0.1:9/SECRET' });
  expect(await channel.notify(notice(), never)).toMatchObject({ kind: 'refused', retry: true, code: 'ECONNREFUSED' });
});

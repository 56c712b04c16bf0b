import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertSchema } from '../../src/alert/alert.ts';
import { parseAlert } from '../../src/alert/parse/parse-alert.ts';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { findOnPath } from '../../src/embedded/run.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { call, settled } from '../support/system.ts';
import { writeConfig } from '../support/write-config.ts';
import { codeBlocks, readDoc } from './markdown.ts';

const TOKEN = 'sesame-sesame';
const { url: redisUrl, prefix } = testRedis();
const page = codeBlocks(readDoc('docs/enqueue.md'));
/** The alert with every field is the one block that is not a program. */
const blocks = page.filter(({ language }) => language !== 'jsonc');

/** How the block of a section is run. */
const RUNS: Readonly<Record<string, { readonly file: string; readonly command: readonly [string, ...string[]] }>> = {
  curl: { file: 'send.sh', command: ['sh', 'send.sh'] },
  Python: { file: 'send.py', command: ['python3', 'send.py'] },
  Go: { file: 'send.go', command: ['go', 'run', 'send.go'] },
  Java: { file: 'Send.java', command: ['java', '-XX:TieredStopAtLevel=1', 'Send.java'] },
  PHP: { file: 'send.php', command: ['php', 'send.php'] },
  BullMQ: { file: 'send.mjs', command: [process.execPath, 'send.mjs'] },
  CloudEvents: { file: 'event.sh', command: ['sh', 'event.sh'] },
};

interface Seen {
  readonly id: string;
  readonly status: number;
  readonly at: number;
  readonly authorization: string | undefined;
}

/** What came to the door, in front of which stands a server that says 503 to the first call of each id that asks for it. */
const seen: Seen[] = [];
let dir: string;
let door: string;
let front: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sms-snippets-'));
  ends.push(() => rm(dir, { recursive: true, force: true }));
  await symlink(resolve('node_modules'), join(dir, 'node_modules'));
  const path = await writeConfig(`
providers: { simulated: { type: simulated, receipts: false } }
routes: [{ name: default, dedupeFor: 0, providers: [simulated] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`);
  const app = createAll({ config: loadConfig({ path, env: {} }).config, redisUrl, logger: createLogger('silent') });
  door = `http://127.0.0.1:${(await app.start()).httpPort}`;
  ends.push(() => app.stop());

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const id = request.headers['ce-id']?.toString() ?? (JSON.parse(body) as { id: string }).id;
    const answer = async (): Promise<{ status: number; headers: Record<string, string>; text: string }> => {
      if (id.startsWith('late-') && !seen.some((earlier) => earlier.id === id)) {
        return {
          status: 503,
          headers: { 'retry-after': '2', 'content-type': 'application/problem+json' },
          text: '{"status":503,"detail":"away"}',
        };
      }
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => /^(ce-|content-type)/.test(name))) as Record<
        string,
        string
      >;
      const real = await fetch(door + request.url, { method: 'POST', headers, body });
      return { status: real.status, headers: Object.fromEntries(real.headers), text: await real.text() };
    };
    const at = performance.now();
    const { status, headers, text } = await answer();
    seen.push({ id, status, at, authorization: request.headers.authorization });
    response
      .writeHead(status, {
        'content-type': headers['content-type'],
        ...(headers['retry-after'] && { 'retry-after': headers['retry-after'] }),
      })
      .end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  front = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ends.push(async () => server.close());
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** Runs the block of a section with another id, and other words where it has these. */
async function run(
  heading: string,
  id: string,
  replaced: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { file, command } = RUNS[heading] as (typeof RUNS)[string];
  const { code } = blocks.find((block) => block.heading === heading) as (typeof blocks)[number];
  const place = join(dir, id);
  await mkdir(place);
  const words = { 'order-42.unpaid': id, "'{sms}'": `'${prefix}'`, ...replaced };
  const source = Object.entries(words).reduce((text, [from, to]) => text.replaceAll(from, to), code);
  await writeFile(join(place, file), source);
  const child = spawn(command[0], command.slice(1), {
    cwd: place,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, SMS_DISPATCH_URL: front, SMS_DISPATCH_TOKEN: TOKEN, REDIS_URL: redisUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 45_000,
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
  const [exit] = (await once(child, 'close')) as [number];
  return { code: exit, ...said };
}

const statusesOf = (id: string) => seen.filter((request) => request.id === id).map(({ status }) => status);

/** Messages that a provider was given for an alert: one phone, so one text. */
async function textsOf(id: string): Promise<number> {
  const { messages } = await settled(door, id);
  const { body } = await call<{ messages: { messageId: string }[] }>(`${door}/v1/simulated/outbox`);
  return body.messages.filter(({ messageId }) => messages.some((message) => message.id === messageId)).length;
}

test('every block of the page is run', () => {
  expect(blocks.map(({ heading }) => heading)).toEqual(Object.keys(RUNS));
});

test('the alert that shows the fields is one that is taken, and shows each but the rare ones', () => {
  const [shown] = page.filter(({ language }) => language === 'jsonc');
  const alert = JSON.parse((shown?.code ?? '').replaceAll(/\/\/.*$/gm, '')) as Record<string, unknown>;
  expect(parseAlert(alert, { strictNumbers: true })).toMatchObject({ id: 'order-42.paid', to: alert.to, expiresAt: alert.expiresAt });
  const rare = ['status', 'template', 'purpose', 'raisedAt', 'remarks'];
  expect([...Object.keys(alert), ...rare].sort()).toEqual(Object.keys(alertSchema.shape).sort());
});

test.each(blocks.map(({ heading, code }) => [heading, code]))('%s has an id and a time limit', (_heading, code) => {
  expect(code).toContain('order-42.unpaid');
  expect(code).toMatch(/timeout|max-time/i);
});

/** Whether this machine has what runs a section; said out loud where it has not. */
async function canRun(heading: string): Promise<boolean> {
  const [command = ''] = RUNS[heading]?.command ?? [];
  const tool = command === 'sh' ? 'curl' : command;
  const found = isAbsolute(tool) || (await findOnPath(tool, process.env)).length > 0;
  if (!found) console.warn(`SKIPPED: ${tool} is not on PATH, so what docs/enqueue.md says under ${heading} is not run here`);
  return found;
}

describe.concurrent('a sender in', { timeout: 240_000 }, async () => {
  for (const heading of ['curl', 'Python', 'Go', 'Java', 'PHP']) {
    test.runIf(await canRun(heading))(
      `${heading} waits as long as configured, is accepted once, and receives faults as errors`,
      async () => {
        const name = heading.toLowerCase();
        const late = `late-${name}`;
        expect(await run(heading, late)).toMatchObject({ code: 0, stdout: 'taken\n' });
        const [refused, taken] = seen.filter(({ id }) => id === late);
        expect([refused?.status, taken?.status]).toEqual([503, 202]);
        expect((taken?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThan(1950);
        expect(taken?.authorization).toBe(`Bearer ${TOKEN}`);

        await rm(join(dir, late), { recursive: true });
        expect(await run(heading, late)).toMatchObject({ code: 0, stdout: 'had been taken before\n' });
        expect(await textsOf(late)).toBe(1);

        const bad = await run(heading, `bad-${name}`, { '+60123456789': '12' });
        expect(bad.code).not.toBe(0);
        expect(bad.stderr).toContain('to[0]');
        expect(statusesOf(`bad-${name}`)).toEqual([400]);
      },
    );
  }

  test('BullMQ puts it on the queue; the same id twice is one text', async () => {
    expect(await run('BullMQ', 'bullmq')).toEqual({ code: 0, stdout: 'taken\n', stderr: '' });
    await rm(join(dir, 'bullmq'), { recursive: true });
    expect(await run('BullMQ', 'bullmq')).toMatchObject({ code: 0, stdout: 'taken\n' });
    expect(await textsOf('bullmq')).toBe(1);
  });

  test('BullMQ reports a Redis that does not answer', async () => {
    const nobody = { "process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'": "'redis://127.0.0.1:1'", '5000': '500' };
    const { code, stderr } = await run('BullMQ', 'bullmq-away', nobody);
    expect(code).toBe(1);
    expect(stderr).toContain('not taken, send it again');
  });

  test.runIf(await canRun('CloudEvents'))('CloudEvents sends one that is taken', async () => {
    const { code, stdout } = await run('CloudEvents', 'late-event');
    expect(code).toBe(0);
    const { accepted } = JSON.parse(stdout.slice(stdout.indexOf('{"accepted"'))) as { accepted: { id: string }[] };
    expect(await textsOf(accepted[0]?.id as string)).toBe(1);
  });
});

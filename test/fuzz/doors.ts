import type { AlertHistory } from '../../src/ledger/history/history.ts';
import { isInFlight } from '../../src/ledger/history/history.ts';
import type { Random } from '../chaos/random.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch } from '../support/system.ts';
import { until } from '../support/until.ts';
import { signedCallback } from '../support/vendors/twilio.ts';
import { CALLS, DOORS_CONFIG, type DoorCall, PUBLIC_URL, SECRETS, TOKEN, TWILIO_TOKEN } from './door-calls.ts';
import { createRecord, type FuzzOptions, type FuzzResult, leaksIn, randomOf, rawWordsIn } from './fuzz.ts';
import { mutateBytes, mutateValue, ODD_TEXTS, PHONE, toJson } from './mutate.ts';
import { exchange, type WireAnswer } from './wire.ts';

/** A call that broke off keeps its connection until the server's own deadline for late requests. */
const DEADLINE_MS = 20_000;
const AT_ONCE = 12;
const TYPES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=utf-16',
  'x',
  '',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'post', 'XYZ'];
const ODD_PATHS = [
  '%00',
  '%',
  '%zz',
  '%2e%2e',
  '%ff',
  '..',
  '',
  ' ',
  '*',
  'a%0d%0ab',
  '%F0%9F%94%A5',
  '-',
  '0',
  'a'.repeat(300),
  '__proto__',
  '%e2%80%ae',
  PHONE.replace('+', '%2B'),
];
const ODD_HEADERS = ['accept: \u0000', 'expect: 100-continue', 'expect: x', 'content-length: -1', 'transfer-encoding: gzip, chunked', 'traceparent: 00-x', 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff', 'host: evil.example', 'origin: https://evil.example', 'cookie: sms_dispatch=x; a=%00', 'x-forwarded-for: 1.2.3.4', 'accept: application/openmetrics-text;version=1.0.0', 'prefer: reply', 'last-event-id: x', 'range: bytes=9-1', 'if-none-match: *', 'upgrade: websocket', 'content-encoding: gzip', 'authorization: Basic x', `x-huge: ${'h'.repeat(20_000)}`, 'webhook-request-origin: \t', 'ce-id: %00', 'noColon']; // biome-ignore format: a list

interface Sent {
  readonly line: string;
  readonly bytes: Buffer;
  /** The bytes are a whole request, so that there must be an answer. */
  readonly whole: boolean;
  /** The id of a good alert among the others of its call. */
  readonly neighbour?: string;
}

/** Throws mutations of valid calls at every route of a real process. */
export async function fuzzDoors({ count, seed, onProgress, onEnd }: FuzzOptions): Promise<FuzzResult> {
  const redis = await startRedisServer();
  onEnd(redis.stop);
  const system = await launch({ config: DOORS_CONFIG, redisUrl: redis.url, env: { LOG_LEVEL: 'debug' }, onEnd });
  const { ended, breaks, ends, broken } = createRecord();
  const accepted = new Set<string>();

  let next = 0;
  const tryNext = async (): Promise<void> => {
    while (next < count) {
      const input = next++;
      const sent = compose(randomOf(seed, input), input);
      const answer = await exchange(system.httpPort, sent.bytes, !sent.whole, DEADLINE_MS);
      const complaints = judge(answer, sent, accepted);
      ended(answer === undefined ? 'hung' : answer.status === 0 ? 'closed' : String(answer.status));
      breaks(`${input} (${JSON.stringify(sent.line)})`, ...complaints);
      if (input % 200 === 0) onProgress?.(input);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tryNext));

  if (system.child.exitCode !== null || system.child.signalCode !== null) breaks('any', 'the process ended');
  else {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const ready = await call(`${system.url}/readyz`);
    if (ready.status !== 200) breaks('any', `not ready: ${JSON.stringify(ready.body)}`);
    for (const id of accepted) {
      const trace = await until(async () => {
        const { body } = await call<AlertHistory>(`${system.url}/v1/alerts/${encodeURIComponent(id)}`, { headers });
        return body.outcome !== 'pending' && body.messages.every(({ state }) => !isInFlight(state)) ? body : undefined;
      }, 30_000).catch((error: unknown) => String(error));
      if (typeof trace === 'string') breaks('any', `the accepted alert ${id} has no end: ${trace}`);
    }
    ended('accepted alerts with an end');
    ends['accepted alerts with an end'] = accepted.size;
  }
  for (const line of system.output().split('\n')) {
    // BullMQ's own, when the machine is too busy to renew a lock in time.
    if (line.includes('could not renew lock')) continue;
    const leaks = leaksIn(line, SECRETS);
    if (/"stack":|"level":(?:50|60)/.test(line)) leaks.push('an error line');
    breaks('any', ...leaks.map((leak) => `log: ${leak}: ${line.slice(0, 600)}`));
  }
  return { tried: count, ends, broken };
}

function compose(random: Random, input: number): Sent {
  const chosen = random.pick(CALLS);
  const { body, neighbour } = bodyOf(chosen, random, input);
  const isForm = chosen.type?.includes('form') === true;
  const path = random.next() < 0.12 ? mutatePath(chosen.path, random) : chosen.path;
  const query = queryOf(chosen, random);
  const target = query === '' ? path : `${path}?${query}`;
  const method = random.next() < 0.04 ? random.pick(METHODS) : chosen.method;
  const type = random.next() < 0.06 ? random.pick(TYPES) : chosen.type;
  const headers = [`host: 127.0.0.1`, 'connection: close'];
  const hasToken = random.next() > 0.002;
  if (hasToken) headers.push(`authorization: Bearer ${TOKEN}`);
  if (type !== undefined && body !== undefined) headers.push(`content-type: ${type}`);
  if (chosen.signed && isForm && body !== undefined) {
    const fields = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
    headers.push(`x-twilio-signature: ${signedCallback(`${PUBLIC_URL}${target}`, TWILIO_TOKEN, fields).headers['x-twilio-signature']}`);
  }
  const plain = headers.length;
  if (random.next() < 0.1) headers.push(random.pick(ODD_HEADERS));
  const odd = headers.length > plain;

  const line = `${method} ${target.slice(0, 160)} ${body?.toString('utf8').slice(0, 400) ?? ''}`;
  const begin = Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers.join('\r\n')}\r\n`, 'utf8');
  if (body === undefined) return { line, bytes: Buffer.concat([begin, Buffer.from('\r\n')]), whole: !odd };
  const framed = frame(body, random);
  const whole = framed.whole && !odd;
  const whatComes = { line, bytes: Buffer.concat([begin, framed.bytes]), whole };
  const isAsMeant = whole && hasToken && method === chosen.method && type === chosen.type && path === chosen.path;
  return neighbour === undefined || !isAsMeant ? whatComes : { ...whatComes, neighbour };
}

function bodyOf({ path, type, body }: DoorCall, random: Random, input: number): { body?: Buffer; neighbour?: string } {
  if (body === undefined) return {};
  if (type?.includes('form') === true) {
    const fields = Object.entries(mutateValue(body, random) ?? {}).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : toJson(value),
    ]);
    const text = Buffer.from(new URLSearchParams(fields).toString());
    return { body: random.next() < 0.2 ? mutateBytes(text, random) : text };
  }
  if (path === '/v1/alerts' && random.next() < 0.5) {
    const neighbour = `good-${input}`;
    const others = [body].flat().map((one) => mutateValue(one, random));
    const good = { id: neighbour, dedupKey: neighbour, severity: 'critical', to: PHONE, text: `good ${input}` };
    // What is no JSON at all is refused as a whole.
    const text = toJson(others.toSpliced(random.between(0, others.length), 0, good));
    return isJson(text) ? { body: Buffer.from(text), neighbour } : { body: Buffer.from(text) };
  }
  const text = Buffer.from(toJson(mutateValue(body, random)));
  return { body: random.next() < 0.2 ? mutateBytes(text, random) : text };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function mutatePath(path: string, random: Random): string {
  const parts = path.split('/');
  const at = random.between(1, parts.length - 1);
  return parts.with(at, random.pick(ODD_PATHS)).join('/');
}

function queryOf({ query = {} }: DoorCall, random: Random): string {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  if (random.next() < 0.25 && parts.length > 0) {
    const name = random.pick(Object.keys(query));
    // A lone surrogate cannot be written in a query.
    parts.push(`${name}=${encodeURIComponent(random.pick(ODD_TEXTS).replace(/\p{Surrogate}/gu, '?'))}`);
  }
  if (random.next() < 0.05)
    parts.push(random.pick(['%', '%00', '=', '&&', 'a[b]=c', '__proto__=1', 'to=%ff', 'limit=1e9', 'limit=-1', 'cursor=%00']));
  return random.next() < 0.05 ? '' : parts.join('&');
}

/** The rest of the head, and the body, mostly as it should be. */
function frame(body: Buffer, random: Random): { bytes: Buffer; whole: boolean } {
  const withLength = (length: number, sent = body) => Buffer.concat([Buffer.from(`content-length: ${length}\r\n\r\n`), sent]);
  const chunked = (...chunks: string[]) =>
    Buffer.concat([Buffer.from('transfer-encoding: chunked\r\n\r\n'), ...chunks.map((chunk) => Buffer.from(chunk, 'latin1'))]);
  const hex = body.length.toString(16);
  const chunk = `${hex}\r\n${body.toString('latin1')}\r\n`;
  switch (random.between(0, 40)) {
    case 0:
      return { bytes: withLength(body.length + 10), whole: false };
    case 1:
      return { bytes: withLength(Math.max(0, body.length - 3)), whole: false };
    case 2:
      return { bytes: withLength(body.length, body.subarray(0, body.length >> 1)), whole: false };
    case 3:
      return { bytes: chunked(chunk, '0\r\n\r\n'), whole: body.length > 0 };
    case 4:
      return { bytes: chunked(`${hex};ext="x"\r\n${body.toString('latin1')}\r\n`, '0\r\nx-trailer: 1\r\n\r\n'), whole: body.length > 0 };
    case 5:
      return { bytes: chunked(chunk), whole: false };
    case 6:
      return { bytes: chunked('zz\r\n'), whole: false };
    case 7:
      return { bytes: chunked(`ffffffffffffffff\r\n${body.toString('latin1')}`), whole: false };
    case 8:
      return { bytes: withLength(1e12), whole: false };
    default:
      return { bytes: withLength(body.length), whole: true };
  }
}

interface Verdicts {
  readonly accepted?: readonly { readonly id: string }[];
  readonly rejected?: readonly { readonly errors: readonly Fault[] }[];
  readonly errors?: readonly Fault[];
  readonly detail?: string;
}

interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What the answer to a call breaks; the ids that it accepted are added. */
function judge(answer: WireAnswer | undefined, { whole, neighbour, line }: Sent, accepted: Set<string>): string[] {
  if (answer === undefined) return [`no answer within ${DEADLINE_MS} ms`];
  const { status, type, body } = answer;
  if (status === 0) return whole ? ['the connection was closed without an answer'] : [];
  // Ids and dedup keys are the caller's own words, given back to it alone.
  const complaints = leaksIn(body.replace(/"(?:id|dedupKey)":"(?:[^"\\]|\\.)*"/g, ''), SECRETS);
  if (status >= 500 && !body.includes('too-many-viewers')) complaints.push(`answered ${status}: ${body.slice(0, 500)}`);
  if (type.includes('json') && body !== '' && !isJson(body)) return [...complaints, `not JSON: ${body.slice(0, 300)}`];
  const json = type.includes('json') ? (JSON.parse(body === '' ? '{}' : body) as Verdicts | null) : undefined;
  // The pages of bull-board read its own form of a refusal.
  if (status >= 400 && !line.startsWith('HEAD') && !line.includes(' /console/queues/api/')) {
    if (!type.startsWith('application/problem+json'))
      complaints.push(`${status} is no problem document but ${type}: ${body.slice(0, 300)}`);
    const { detail, errors = [], rejected = [] } = json ?? {};
    const faults = [...errors, ...rejected.flatMap((entry) => entry.errors)];
    if (!detail && faults.length === 0 && status !== 404) complaints.push(`${status} without a reason: ${body.slice(0, 300)}`);
    complaints.push(...[detail ?? '', ...faults.map(({ message }) => message)].flatMap(rawWordsIn));
    if (faults.some(({ message }) => !message)) complaints.push(`an empty message: ${body.slice(0, 300)}`);
  }
  const rejectedInPart = (json?.rejected ?? []).flatMap((entry) => entry.errors ?? []).map(({ message }) => message);
  if (status < 400) complaints.push(...rejectedInPart.flatMap(rawWordsIn));
  const ids = (json?.accepted ?? []).map(({ id }) => id);
  if (status < 300 && Array.isArray(json?.accepted)) for (const id of ids) accepted.add(id);
  if (neighbour !== undefined && !ids.includes(neighbour)) complaints.push(`the good alert was not taken: ${status} ${body.slice(0, 300)}`);
  return complaints;
}

import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { onTestFinished } from 'vitest';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says, which is what is tested.
  readonly json: any;
}

type Headers = Readonly<Record<string, string>>;

/** Asks as nothing but a browser could: `Host`, `Sec-Fetch-Site` and cookies are the caller's. */
export async function ask(url: string, { method = 'GET', headers = {}, body = undefined as unknown } = {}): Promise<Answer> {
  const response = await open(url, method, headers, body);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const isJson = /json/.test(response.headers['content-type'] ?? '');
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: isJson && text !== '' ? JSON.parse(text) : undefined };
}

/** Status and kind of problem. */
export function problem({ status, json }: Answer): [number, string | undefined] {
  return [status, json?.type?.replace('urn:sms-dispatch:problem:', '')];
}

export function write(url: string, body: unknown = {}, headers: Headers = {}, method = 'POST'): Promise<Answer> {
  const text = JSON.stringify(body);
  const length = { 'content-length': String(Buffer.byteLength(text)) };
  return ask(url, { method, headers: { 'content-type': 'application/json', ...length, ...headers }, body: text });
}

export interface Watching {
  readonly status: number;
  /** `data:` of each event so far, parsed; and its `id:`. */
  readonly events: { readonly name: string; readonly id: string; readonly data: Record<string, unknown> }[];
  text(): string;
  readonly ended: Promise<void>;
  close(): void;
}

/** A stream of server-sent events, closed after the test. */
export async function watch(url: string, headers: Headers = {}): Promise<Watching> {
  const response = await open(url, 'GET', headers, undefined);
  const events: Watching['events'] = [];
  let text = '';
  let read = 0;
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n', read); end >= 0; end = text.indexOf('\n\n', read)) {
      const fields = Object.fromEntries(
        text
          .slice(read, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      read = end + 2;
      if (fields.data !== undefined) events.push({ name: fields.event ?? 'message', id: fields.id ?? '', data: JSON.parse(fields.data) });
    }
  });
  const ended = new Promise<void>((resolve) => response.once('close', resolve));
  response.on('error', () => undefined);
  const close = () => void response.destroy();
  onTestFinished(close);
  return { status: response.statusCode ?? 0, events, text: () => text, ended, close };
}

function open(url: string, method: string, headers: Headers, body: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, resolve);
    asked.on('error', reject);
    asked.end(body);
  });
}

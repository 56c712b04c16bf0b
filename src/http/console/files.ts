import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../server/problem.ts';

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly gzip: Buffer | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};
const IS_TEXT = /^text\/|json|svg/;

/** Files are read once; a new build is served after a restart. */
const known = new Map<string, Promise<StaticFile>>();

/** Sends the file, or 304 when the browser has it. @throws {HttpProblem} `not-found` with `missing` as detail */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, path: string, missing: string): Promise<FastifyReply> {
  const reading = known.get(path) ?? load(path);
  known.set(path, reading);
  const file = await reading.catch(() => {
    known.delete(path);
    throw new HttpProblem('not-found', { detail: missing });
  });
  return send(request, reply, file);
}

/** Sends a generated page in the same way. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, html: string): FastifyReply {
  return send(request, reply, pack(Buffer.from(html), '.html'));
}

function send(request: FastifyRequest, reply: FastifyReply, { type, etag, body, gzip }: StaticFile): FastifyReply {
  reply.headers({ 'cache-control': 'no-cache', etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) ? gzip : undefined;
  if (zipped !== undefined) reply.header('content-encoding', 'gzip');
  return reply.header('content-type', type).send(zipped ?? body);
}

async function load(path: string): Promise<StaticFile> {
  return pack(await readFile(path), extname(path));
}

function pack(body: Buffer, ending: string): StaticFile {
  const type = TYPES[ending] ?? 'application/octet-stream';
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type, etag, body, gzip: IS_TEXT.test(type) ? gzipSync(body) : undefined };
}

/** Directory of the built page: beside `dist/src`, or below `dist` when the sources are run directly. */
export function pageDir(): string {
  const beside = new URL('../../../console/', import.meta.url);
  return (existsSync(beside) ? beside : new URL('../../../dist/console/', import.meta.url)).pathname;
}

import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../server/problem.ts';
import { sendFile, sendPage } from './files.ts';
import type { QueueBoard } from './queue-board.ts';

/** Where the queues' own pages are. */
export const BOARD_PATH = '/console/queues/';

/** It sets styles from its script; all the rest is as strict as ours. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'self'",
  "form-action 'none'",
].join('; ');

/** bull-board's pages and those calls of its API that only read. */
export function boardRoutes(app: FastifyInstance, board: QueueBoard, timely: <T>(work: Promise<T>) => Promise<T>): void {
  const below = (path: string) => BOARD_PATH.slice(0, -1) + path;
  const loose = { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' };

  for (const path of [BOARD_PATH.slice(0, -1), ...board.pages.map(below)]) {
    app.get(path, async (request, reply) => sendPage(request, reply.headers(loose), board.html));
  }
  for (const { path, read } of board.reads) {
    app.get(below(path), async ({ params, query }, reply) => {
      const call = { params: params as Record<string, string>, query: query as Record<string, unknown> };
      const { status, body } = await timely(read(call));
      return reply.code(status).send(body);
    });
  }
  app.get<{ Params: { '*': string } }>(below('/static/*'), async (request, reply) => {
    const file = board.files.get(request.params['*']);
    if (file === undefined) throw new HttpProblem('not-found', { detail: 'No such file.' });
    return sendFile(request, reply.headers(loose), file, 'The file is gone.');
  });
}

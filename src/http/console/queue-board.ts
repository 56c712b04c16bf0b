import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AppControllerRoute, AppViewRoute, BullBoardQueues, IServerAdapter, UIConfig } from '@bull-board/api/typings/app';
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../server/problem.ts';
import { sendFile, sendPage } from './files.ts';
import { maskData, maskDeep, maskWords } from './mask.ts';

/** Path of the queue pages. */
export const BOARD_PATH = '/console/queues/';

/** bull-board sets styles from its script; the rest is as strict as the console's policy. */
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

/** Adds bull-board's pages and the calls of its API that only read. */
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
    if (file === undefined) throw new HttpProblem('not-found', { detail: 'The file does not exist.' });
    return sendFile(request, reply.headers(loose), file, 'The file no longer exists.');
  });
}

type Queue = ConstructorParameters<typeof BullMQAdapter>[0];

interface BoardCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
}

/** The pages of bull-board (https://github.com/felixmosh/bull-board), read-only and without numbers and texts. */
export interface QueueBoard {
  /** Path patterns of fastify, below the board's own path, that all return the page. */
  readonly pages: readonly string[];
  readonly html: string;
  /** API paths that only read. */
  readonly reads: readonly { readonly path: string; read(call: BoardCall): Promise<{ readonly status: number; readonly body: unknown }> }[];
  /** Path below `static/` → file. */
  readonly files: ReadonlyMap<string, string>;
}

const UI: UIConfig = { boardTitle: 'sms-dispatch queues', hideDocsLink: true, miscLinks: [{ text: 'Console', url: '/console' }] };

/** @param path base path, with a slash at the end */
export function createQueueBoard(queues: readonly Queue[], path: string): QueueBoard {
  const adapters = queues.map((queue) => {
    const adapter = new BullMQAdapter(queue, { readOnlyMode: true });
    adapter.setFormatter('data', maskData as (data: unknown) => unknown);
    adapter.setFormatter('returnValue', maskData as (data: unknown) => unknown);
    adapter.setFormatter('progress', maskData as (data: unknown) => unknown);
    return adapter;
  });
  const parts = new Parts();
  createBullBoard({ queues: adapters, serverAdapter: parts, options: { uiConfig: UI } });
  const { queues: known, entry, api, ui } = parts;
  const views = join(dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json')), 'dist');
  const { name, params } = entry.handler({ basePath: path, uiConfig: ui });
  return {
    pages: [entry.route].flat(),
    html: fillPage(readFileSync(join(views, name), 'utf8'), params),
    reads: [
      noFlow,
      ...api.filter(isRead).flatMap((route) =>
        [route.route].flat().map((routePath) => ({
          path: routePath,
          read: async ({ params, query }: BoardCall) => {
            const call = { queues: known, uiConfig: ui, params: { ...params }, query: { ...query }, body: {}, headers: {} };
            const { status = 200, body } = await route.handler(call);
            return { status, body: maskDeep(body) };
          },
        })),
      ),
    ],
    files: filesIn(join(views, 'static')),
  };
}

/** Replaces the flow call: we have no flows, and bull-board would open a connection for them that it never closes. */
const noFlow: QueueBoard['reads'][number] = {
  path: '/api/queues/:queueName/:jobId/flow',
  read: async ({ params }) => ({ status: 200, body: { nodeId: maskWords(params.jobId ?? ''), flowRoot: null, isFlowNode: false } }),
};

function isRead({ method, route }: AppControllerRoute): boolean {
  return [method].flat().every((verb) => verb === 'get') && ![route].flat().some((path) => path === noFlow.path);
}

/** Fills the placeholders of the template, and removes its links to fonts on other hosts. */
function fillPage(template: string, params: Readonly<Record<string, string>>): string {
  return template.replace(/<%[=-] (\w+) %>/g, (_, name: string) => params[name] ?? '').replace(/<link [^>]*href="https?:[^>]*>/g, '');
}

function filesIn(dir: string): ReadonlyMap<string, string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return new Map(names.filter((name) => /\.\w+$/.test(name)).map((name) => [name, join(dir, name)]));
}

/** Collects the parts of the board. Its own fastify adapter would add a template engine and its own error format. */
class Parts implements IServerAdapter {
  queues: BullBoardQueues = new Map();
  entry: AppViewRoute = { method: 'get', route: '/', handler: () => ({ name: '', params: {} }) };
  api: readonly AppControllerRoute[] = [];
  ui: UIConfig = {};

  setQueues(queues: BullBoardQueues): this {
    this.queues = queues;
    return this;
  }
  setEntryRoute(entry: AppViewRoute): this {
    this.entry = entry;
    return this;
  }
  setApiRoutes(api: AppControllerRoute[]): this {
    this.api = api;
    return this;
  }
  setUIConfig(ui: UIConfig): this {
    this.ui = ui;
    return this;
  }
  setViewsPath = (): this => this;
  setStaticPath = (): this => this;
  setErrorHandler = (): this => this;
}

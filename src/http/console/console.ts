import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Histories } from '../../ledger/history/history.ts';
import type { MessageEntry } from '../../ledger/journal/journal-entry.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import { HttpProblem } from '../server/problem.ts';
import { actRoutes } from './act-routes.ts';
import type { ConsoleApi } from './api.ts';
import { type ConsoleAccess, type ConsoleAccessDeps, createConsoleAccess } from './console-access.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { pageDir, sendFile } from './files.ts';
import { createLive } from './live.ts';
import { boardRoutes } from './queue-board.ts';
import { createSearch } from './search.ts';
import { factsOf, type MessageFacts, type Showable, showEntry } from './show.ts';
import { watchRoutes } from './watch-routes.ts';

/** Content security policy: scripts, styles and requests from this origin only, and no framing. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const FILES = {
  '/console': 'index.html',
  '/console/': 'index.html',
  '/console/app.js': 'app.js',
  '/console/app.css': 'app.css',
} as const;

/** Adds the page itself, which contains no data. */
function pageRoutes(app: FastifyInstance, dir = pageDir()): void {
  for (const [url, file] of Object.entries(FILES)) {
    app.get(url, async (request, reply) => {
      reply.headers({ 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' });
      return sendFile(request, reply, join(dir, file), `The console's page is not built: ${file} is missing. Run npm run build.`);
    });
  }
}

/** Maximum number of cached messages; recipient and severity of a message never change. */
const MOST = 2_000;

/** Returns recipient and severity of a message, cached. `undefined`: the ledger entry has expired. */
function createRecallFacts(histories: Pick<Histories, 'message'>): (message: MessageEntry) => Promise<MessageFacts | undefined> {
  const known = new Map<string, MessageFacts>();
  return async ({ id }) => {
    const remembered = known.get(id);
    if (remembered !== undefined) return remembered;
    const trace = await histories.message(id);
    if (trace === undefined) return undefined;
    const facts = factsOf(trace);
    for (const oldest of known.keys()) {
      if (known.size < MOST) break;
      known.delete(oldest);
    }
    known.set(id, facts);
    return facts;
  };
}

const loginSchema = z.strictObject({ token: z.string().min(1).max(4096) });

/** Adds login, logout and session status. */
function sessionRoutes(app: FastifyInstance, access: ConsoleAccess, version: string): void {
  app.get('/console/api/session', async (request): Promise<ConsoleApi['session']> => {
    return { open: access.isOpen(request), needsToken: access.needsToken, version };
  });
  app.post('/console/session', async (request, reply) => {
    const parsed = loginSchema.safeParse(request.body);
    if (!parsed.success) throw new HttpProblem('invalid-request', { detail: 'Send { "token": "<one of http.tokens>" }.' });
    await access.begin(parsed.data.token.trim(), request, reply);
    return reply.code(204).send();
  });
  app.delete('/console/session', async (request, reply) => {
    access.end(request, reply);
    return reply.code(204).send();
  });
}

/** The console as a receiver uses it; imported as a type only, so that other processes do not load its code. */
export interface Console {
  readonly access: ConsoleAccess;
  /** Adds `/console` and everything below it. Returns a function that ends the live streams; without that, the server cannot close. */
  serve(app: FastifyInstance, resources: ConsoleResources): () => void;
}

interface ConsoleResources {
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly histories: Histories;
  readonly outbox: Pick<Outbox, 'latest'> | undefined;
  readonly timely: <T>(work: Promise<T>) => Promise<T>;
}

export function createConsole(deps: ConsoleDeps, { http, logger }: Pick<ConsoleAccessDeps, 'http' | 'logger'>): Console {
  const access = createConsoleAccess({ http, logger, now: deps.now });
  return { access, serve: (app, resources) => addRoutes(app, deps, access, resources) };
}

function addRoutes(app: FastifyInstance, deps: ConsoleDeps, access: ConsoleAccess, resources: ConsoleResources): () => void {
  const { journal, board, version, pageDir } = deps;
  const recall = createRecallFacts(resources.histories);
  const show = async (entry: Showable) => showEntry(entry, entry.kind === 'message' ? await recall(entry.message) : undefined);
  const live = createLive({ journal, show });
  const search = createSearch(journal, resources.histories);

  pageRoutes(app, pageDir);
  sessionRoutes(app, access, version);
  watchRoutes(app, { ...deps, ...resources, live, search, show });
  actRoutes(app, { ...deps, ...resources, search });
  boardRoutes(app, board, resources.timely);
  return live.close;
}

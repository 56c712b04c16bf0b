import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Traces } from '../../ledger/history/trace.ts';
import type { MessageEntry } from '../../ledger/journal/journal-entry.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import { HttpProblem } from '../server/problem.ts';
import { actRoutes } from './act-routes.ts';
import type { ConsoleApi } from './api.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { type ConsoleDoor, createConsoleDoor, type DoorDeps } from './door.ts';
import { pageDir, sendFile } from './files.ts';
import { createLive } from './live.ts';
import { boardRoutes } from './queue-board.ts';
import { createSearch } from './search.ts';
import { factsOf, type MessageFacts, type Showable, showEntry } from './show.ts';
import { watchRoutes } from './watch-routes.ts';

/** Scripts, styles and answers from here alone, and nobody frames it. */
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

/** The page itself, which holds nothing that is anybody's. */
function pageRoutes(app: FastifyInstance, dir = pageDir()): void {
  for (const [url, file] of Object.entries(FILES)) {
    app.get(url, async (request, reply) => {
      reply.headers({ 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' });
      return sendFile(request, reply, join(dir, file), `The console's page is not built: ${file} is missing. Run npm run build.`);
    });
  }
}

/** Messages remembered; what is known of one never changes. */
const MOST = 2_000;

/** Recipient and severity of messages, each asked for once while it is remembered. `undefined`: the ledger has forgotten it. */
function createRecallFacts(traces: Pick<Traces, 'message'>): (message: MessageEntry) => Promise<MessageFacts | undefined> {
  const known = new Map<string, MessageFacts>();
  return async ({ id }) => {
    const remembered = known.get(id);
    if (remembered !== undefined) return remembered;
    const trace = await traces.message(id);
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

/** In and out, and how the door stands. */
function sessionRoutes(app: FastifyInstance, door: ConsoleDoor, version: string): void {
  app.get('/console/api/session', async (request): Promise<ConsoleApi['session']> => {
    return { open: door.isOpen(request), needsToken: door.needsToken, version };
  });
  app.post('/console/session', async (request, reply) => {
    const parsed = loginSchema.safeParse(request.body);
    if (!parsed.success) throw new HttpProblem('invalid-request', { detail: 'Send { "token": "<one of http.tokens>" }.' });
    await door.begin(parsed.data.token.trim(), request, reply);
    return reply.code(204).send();
  });
  app.delete('/console/session', async (request, reply) => {
    door.end(request, reply);
    return reply.code(204).send();
  });
}

/** What a receiver that serves a console is given; it knows no more of it, so that nobody else loads the code. */
export interface Console {
  readonly door: ConsoleDoor;
  /** Adds `/console` and everything below it. Gives what sends away those who watch, without which no server closes. */
  serve(app: FastifyInstance, ground: ConsoleGround): () => void;
}

interface ConsoleGround {
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly traces: Traces;
  readonly outbox: Pick<Outbox, 'latest'> | undefined;
  readonly timely: <T>(work: Promise<T>) => Promise<T>;
}

export function createConsole(deps: ConsoleDeps, { http, logger }: Pick<DoorDeps, 'http' | 'logger'>): Console {
  const door = createConsoleDoor({ http, logger, now: deps.now });
  return { door, serve: (app, ground) => addRoutes(app, deps, door, ground) };
}

function addRoutes(app: FastifyInstance, deps: ConsoleDeps, door: ConsoleDoor, ground: ConsoleGround): () => void {
  const { journal, board, version, pageDir } = deps;
  const recall = createRecallFacts(ground.traces);
  const show = async (entry: Showable) => showEntry(entry, entry.kind === 'message' ? await recall(entry.message) : undefined);
  const live = createLive({ journal, show });
  const search = createSearch(journal, ground.traces);

  pageRoutes(app, pageDir);
  sessionRoutes(app, door, version);
  watchRoutes(app, { ...deps, ...ground, live, search, show });
  actRoutes(app, { ...deps, ...ground, search });
  boardRoutes(app, board, ground.timely);
  return live.close;
}

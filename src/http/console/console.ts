import type { FastifyInstance } from 'fastify';
import type { Traces } from '../../ledger/history/trace.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import { actRoutes } from './act-routes.ts';
import { boardRoutes } from './board-routes.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { type ConsoleDoor, createConsoleDoor, type DoorDeps } from './door.ts';
import { createLive } from './live.ts';
import { pageRoutes } from './page-routes.ts';
import { createRecallFacts } from './recall-facts.ts';
import { createSearch } from './search.ts';
import { sessionRoutes } from './session-routes.ts';
import { type Showable, showEntry } from './show.ts';
import { watchRoutes } from './watch-routes.ts';

/** What a receiver that serves a console is given; it knows no more of it, so that nobody else loads the code. */
export interface Console {
  readonly door: ConsoleDoor;
  /** Adds `/console` and everything below it. Gives what sends away those who watch, without which no server closes. */
  serve(app: FastifyInstance, ground: ConsoleGround): () => void;
}

export interface ConsoleGround {
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

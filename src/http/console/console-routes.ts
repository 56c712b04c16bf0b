import type { FastifyInstance } from 'fastify';
import type { Traces } from '../../ledger/trace.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import type { Producer } from '../../queue/producer-port.ts';
import { actRoutes } from './act-routes.ts';
import { boardRoutes } from './board-routes.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { ConsoleDoor } from './door.ts';
import { createLive } from './live.ts';
import { pageRoutes } from './page-routes.ts';
import { createRecallFacts } from './recall-facts.ts';
import { createSearch } from './search.ts';
import { sessionRoutes } from './session-routes.ts';
import { type Showable, showEntry } from './show.ts';
import { watchRoutes } from './watch-routes.ts';

export interface ConsoleGround {
  readonly console: ConsoleDeps;
  readonly door: ConsoleDoor;
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly traces: Traces;
  readonly outbox: Pick<Outbox, 'latest'> | undefined;
  readonly timely: <T>(work: Promise<T>) => Promise<T>;
}

/** `/console` and everything below it. Gives what sends away those who watch, without which no server closes. */
export function consoleRoutes(app: FastifyInstance, { console, door, ...ground }: ConsoleGround): () => void {
  const { journal, board, version, pageDir } = console;
  const recall = createRecallFacts(ground.traces);
  const show = async (entry: Showable) => showEntry(entry, entry.kind === 'message' ? await recall(entry.message) : undefined);
  const live = createLive({ journal, show });
  const search = createSearch(journal, ground.traces);

  pageRoutes(app, pageDir);
  sessionRoutes(app, door, version);
  watchRoutes(app, { ...console, ...ground, live, search, show });
  actRoutes(app, { ...console, ...ground, search });
  boardRoutes(app, board, ground.timely);
  return live.close;
}

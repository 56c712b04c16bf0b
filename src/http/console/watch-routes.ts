import type { FastifyInstance } from 'fastify';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { SEVERITIES } from '../../alert/severity.ts';
import { findTraced, storyOf } from '../../explain/find-story.ts';
import type { Histories, StoryHistories } from '../../ledger/history/history.ts';
import { judgeHealth } from '../../overview/judge-health.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import { HttpProblem } from '../server/problem.ts';
import type { ConsoleApi, ConsoleNames, ShownEntry } from './api.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { Live } from './live.ts';
import { looksLikePhone, maskWords, shownAlertId } from './mask.ts';
import { BOARD_PATH } from './queue-board.ts';
import type { Search } from './search.ts';
import { type Showable, showAlert, showMessage } from './show.ts';

/** Redis is read at most once per second, however many viewers there are. */
const OVERVIEW_MS = 1000;
const MOST_RECENT = 500;
const MOST_INBOUND = 200;
const SEQ = /^\d{1,16}-\d{1,16}$/;

interface WatchDeps extends Pick<ConsoleDeps, 'readOverview' | 'inbound' | 'journal' | 'capFilling' | 'recipients' | 'now'> {
  readonly histories: Histories;
  readonly outbox: Pick<Outbox, 'latest'> | undefined;
  readonly live: Live;
  readonly search: Search;
  readonly show: (entry: Showable) => Promise<ShownEntry>;
  /** Rejects after a deadline when Redis is down. */
  readonly timely: <T>(work: Promise<T>) => Promise<T>;
}

/** Adds the routes that only read. */
export function watchRoutes(app: FastifyInstance, deps: WatchDeps): void {
  const { histories, outbox, live, search, journal, show, timely } = deps;
  const names: ConsoleNames = {
    recipients: deps.recipients,
    severities: SEVERITIES,
    hasOutbox: outbox !== undefined,
    boardPath: BOARD_PATH,
  };
  const overview = shareReading(deps.readOverview, OVERVIEW_MS);
  const showAll = (entries: readonly Showable[]) => Promise.all(entries.map(show));

  app.get('/console/api/overview', async (): Promise<ConsoleApi['overview']> => {
    const read = await timely(overview());
    return { health: judgeHealth(read), ...read, names };
  });

  app.get<Query<'limit' | 'before'>>('/console/api/recent', async ({ query }): Promise<ConsoleApi['recent']> => {
    const limit = parseLimit(query.limit);
    const before = parseSeq('before', query.before);
    return { entries: await timely(journal.newest(limit, before).then(showAll)) };
  });

  // Without HEAD, which would open a stream that sends nothing.
  app.get<Query<'after'>>('/console/api/live', { exposeHeadRoute: false }, async ({ query, headers }, reply) => {
    const after = parseSeq('Last-Event-ID', headers['last-event-id']) ?? parseSeq('after', query.after);
    const stream = await timely(live.watch(after));
    // The headers stop a proxy from buffering, and the browser from queueing other requests behind this one.
    return reply.type('text/event-stream').headers({ 'x-accel-buffering': 'no', connection: 'close' }).send(stream);
  });

  app.get<Query<'q'>>('/console/api/search', async ({ query: { q } }): Promise<ConsoleApi['search']> => {
    if (typeof q !== 'string' || q.trim() === '' || q.length > 256) throw invalid('Search for an id, a dedup key or a contact: ?q=…');
    if (looksLikePhone(q)) {
      throw invalid('Search by phone number is not supported, to keep numbers out of URLs: search by contact, id or dedup key.');
    }
    const look = async () => {
      const { entries, since } = await search.find(q);
      return { found: await showAll(entries), searchedSince: since?.toISOString() ?? null };
    };
    return timely(look());
  });

  app.get<{ Params: { id: string } }>('/console/api/story/:id', async ({ params }): Promise<ConsoleApi['story']> => {
    const id = await timely(search.idOf(params.id));
    const story =
      id !== undefined && ALERT_ID_PATTERN.test(id)
        ? await timely(buildStory(id, { ...histories, capFilling: deps.capFilling }, deps.now()))
        : undefined;
    if (story === undefined) throw new HttpProblem('not-found', { detail: 'No alert or message has this id, or its record has expired.' });
    return story;
  });

  app.get('/console/api/inbound', async (): Promise<ConsoleApi['inbound']> => {
    const { total, entries } = await timely(deps.inbound.newest(MOST_INBOUND));
    return {
      total,
      entries: entries.map((entry) => ({
        ...entry,
        from: maskWords(entry.from),
        text: maskWords(entry.text),
        alerts: entry.alerts.map(shownAlertId),
      })),
    };
  });

  app.get('/console/api/outbox', async (): Promise<ConsoleApi['outbox']> => {
    if (outbox === undefined) throw new HttpProblem('not-found', { detail: 'No provider of type simulated is configured.' });
    const messages = await timely(outbox.latest(MOST_RECENT));
    return { messages: messages.map((message) => ({ ...message, text: maskWords(message.text) })) };
  });
}

type Query<Names extends string> = { Querystring: Partial<Record<Names, unknown>> };

async function buildStory(id: string, histories: StoryHistories, now: Date): Promise<ConsoleApi['story'] | undefined> {
  const found = await findTraced(histories, id);
  if (found === undefined) return undefined;
  const digest = found.digest && showMessage(found.digest);
  const original = found.original && showAlert(found.original);
  const { filling } = found;
  if (found.kind === 'alert') {
    const alert = showAlert(found.alert);
    return { kind: 'alert', alert, story: storyOf({ kind: 'alert', alert, digest, filling, original }, now) };
  }
  const message = showMessage(found.message);
  return { kind: 'message', message, story: storyOf({ kind: 'message', message, digest, filling, original }, now) };
}

function parseLimit(limit: unknown): number {
  if (limit === undefined) return 100;
  const parsed = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (parsed >= 1 && parsed <= MOST_RECENT) return parsed;
  throw invalid(`limit: must be a number from 1 to ${MOST_RECENT}.`);
}

function parseSeq(name: string, seq: unknown): string | undefined {
  if (seq === undefined || seq === '') return undefined;
  if (typeof seq === 'string' && SEQ.test(seq)) return seq;
  throw invalid(`${name}: must be the seq of an entry.`);
}

function invalid(detail: string): HttpProblem {
  return new HttpProblem('invalid-request', { detail });
}

/** Shares one read among all callers while it runs and for `forMs` afterwards. A failed read rejects only the callers that waited for it. */
function shareReading<T>(read: () => Promise<T>, forMs: number): () => Promise<T> {
  let shared: Promise<T> | undefined;
  return () => {
    if (shared !== undefined) return shared;
    const reading = read();
    shared = reading;
    const forget = () => {
      if (shared === reading) shared = undefined;
    };
    reading.then(() => setTimeout(forget, forMs).unref(), forget);
    return reading;
  };
}

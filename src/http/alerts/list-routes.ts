import type { FastifyInstance } from 'fastify';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { OUR_REASONS, PROVIDER_REASONS } from '../../alert/reason.ts';
import { parseSeverity, SEVERITIES } from '../../alert/severity.ts';
import { type Histories, MESSAGE_STATES } from '../../ledger/history/history.ts';
import type { ListFilter, ListPage, Lists, ReadList } from '../../ledger/lists/lists.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import { OUTBOX_LENGTH } from '../../redis/keys.ts';
import { parseSince } from '../../setting/parse-duration.ts';
import { didYouMean } from '../../text/suggest.ts';
import { looksLikePhone } from '../console/mask.ts';
import { HttpProblem } from '../server/problem.ts';

/** Outcomes that lists show. A pending alert is still on the queue, where no list can find it. */
export const LISTED_OUTCOMES = ['routed', 'suppressed', 'malformed'] as const;
export const LIST_LIMIT = { default: 50, max: 200 } as const;
export const LIST_PARAMETERS = ['state', 'severity', 'provider', 'route', 'contact', 'reason', 'since', 'cursor', 'limit'] as const;
export const LISTED_REASONS: readonly string[] = [...new Set([...OUR_REASONS, ...PROVIDER_REASONS])];

/** Adds `GET /v1/alerts` and `GET /v1/messages`: newest first, in pages. */
export function listRoutes(app: FastifyInstance, lists: Lists, now: () => Date): void {
  app.get('/v1/alerts', ({ query }) => answer(lists.alerts, query, LISTED_OUTCOMES, now()));
  app.get('/v1/messages', ({ query }) => answer(lists.messages, query, MESSAGE_STATES, now()));
}

async function answer<Item>(read: ReadList<Item>, query: unknown, states: readonly string[], now: Date): Promise<ListPage<Item>> {
  const given = readGiven(query as Readonly<Record<string, unknown>>);
  const { cursor } = given;
  const page = await read(filterOf(given, states, now), cursor, limitOf(given.limit));
  if (page !== undefined) return page;
  throw invalid('cursor: not a cursor of this list; leave it out to start with the newest entries.');
}

type Given = Readonly<Partial<Record<(typeof LIST_PARAMETERS)[number], string>>>;

/** Returns the parameters; an empty one counts as absent. @throws {HttpProblem} for an unknown or repeated one */
function readGiven(query: Readonly<Record<string, unknown>>): Given {
  const strange = Object.keys(query).find((name) => !(LIST_PARAMETERS as readonly string[]).includes(name));
  if (strange !== undefined) {
    const near = didYouMean(strange, LIST_PARAMETERS);
    throw invalid(`unknown parameter${near === undefined ? `; use ${LIST_PARAMETERS.join(', ')}` : `: ${near}`}.`);
  }
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const twice = given.find(([, value]) => typeof value !== 'string');
  if (twice !== undefined) throw invalid(`${twice[0]}: must be given only once.`);
  return Object.fromEntries(given) as Given;
}

function filterOf({ state, severity, provider, route, contact, reason, since }: Given, states: readonly string[], now: Date): ListFilter {
  const canonical = severity === undefined ? undefined : parseSeverity(severity);
  if (severity !== undefined && canonical === undefined) throw oneOf('severity', severity, SEVERITIES);
  if (state !== undefined && !states.includes(state)) throw oneOf('state', state, states);
  if (reason !== undefined && !LISTED_REASONS.includes(reason)) throw oneOf('reason', reason, LISTED_REASONS);
  const from = since === undefined ? undefined : parseSince(since, now);
  if (since !== undefined && from === undefined) throw invalid('since: must be a time such as 2026-11-20T03:00:00Z, or an age such as 2h.');
  if (contact !== undefined && looksLikePhone(contact))
    throw invalid('contact: must be the name of a contact; search by phone number is not supported.');
  return { state, severity: canonical, provider, route, contact: contact?.replace(/^contact:/, ''), reason, since: from };
}

function limitOf(limit: string | undefined): number {
  if (limit === undefined) return LIST_LIMIT.default;
  const parsed = /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (parsed >= 1 && parsed <= LIST_LIMIT.max) return parsed;
  throw invalid(`limit: must be a number from 1 to ${LIST_LIMIT.max}.`);
}

function oneOf(name: string, written: string, known: readonly string[]): HttpProblem {
  const near = didYouMean(written, known);
  return invalid(`${name}: must be one of ${known.join(', ')}${near === undefined ? '' : ` (${near})`}.`);
}

function invalid(detail: string): HttpProblem {
  return new HttpProblem('invalid-request', { detail });
}

/** Adds `GET /v1/alerts/{id}`, `GET /v1/messages/{id}` and `GET /v1/simulated/outbox` (everything stored, or the newest `?limit=`). */
export function traceRoutes(app: FastifyInstance, histories: Histories, outbox: Pick<Outbox, 'latest'> | undefined): void {
  app.get<{ Params: { id: string } }>('/v1/alerts/:id', async ({ params }) => found(await look(params.id, histories.alert), 'alert'));

  app.get<{ Params: { id: string } }>('/v1/messages/:id', async ({ params }) => found(await look(params.id, histories.message), 'message'));

  app.get<{ Querystring: { limit?: unknown } }>('/v1/simulated/outbox', async ({ query }) => {
    if (outbox === undefined) throw new HttpProblem('not-found', { detail: 'No provider of type simulated is configured.' });
    return { messages: await outbox.latest(parseLimit(query.limit)) };
  });
}

/** Reads by id; an id of another shape does not exist, and reading it would put a caller's text into key space. */
async function look<T>(id: string, read: (id: string) => Promise<T | undefined>): Promise<T | undefined> {
  return ALERT_ID_PATTERN.test(id) ? read(id) : undefined;
}

function found<T>(trace: T | undefined, what: string): T {
  if (trace !== undefined) return trace;
  throw new HttpProblem('not-found', { detail: `No ${what} has this id, or its record has expired.` });
}

function parseLimit(limit: unknown): number {
  if (limit === undefined) return OUTBOX_LENGTH;
  const parsed = typeof limit === 'string' && /^\d{1,6}$/.test(limit) ? Number(limit) : 0;
  if (parsed >= 1 && parsed <= OUTBOX_LENGTH) return parsed;
  throw new HttpProblem('invalid-request', { detail: `limit: must be a number from 1 to ${OUTBOX_LENGTH}.` });
}

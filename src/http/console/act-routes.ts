import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { SEVERITIES } from '../../alert/severity.ts';
import { type Histories, isUnresolved } from '../../ledger/history/history.ts';
import { OPERATOR_WORDS } from '../../pipeline/unknown/unknown-resolver.ts';
import type { DeadLetter } from '../../queue/dead-letters/dead-letters-port.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import { HttpProblem } from '../server/problem.ts';
import type { ConsoleApi } from './api.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { maskWords, shownAlertId } from './mask.ts';
import type { Search } from './search.ts';
import { showLetter, showMessage } from './show.ts';

/** Maximum number of entries shown; the total shows how many more exist. */
const MOST_SHOWN = 200;

export interface ActDeps extends Pick<ConsoleDeps, 'dead' | 'resolver' | 'onSettled' | 'recipients'> {
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly histories: Pick<Histories, 'message'>;
  readonly search: Pick<Search, 'idOf'>;
  readonly timely: <T>(work: Promise<T>) => Promise<T>;
}

/** Adds the routes for dead letters, unknown outcomes and sending from the console. */
export function actRoutes(app: FastifyInstance, deps: ActDeps): void {
  const { dead, resolver, producer, histories, search, recipients, timely } = deps;

  app.get('/console/api/dead', async (): Promise<ConsoleApi['dead']> => {
    const { total, letters } = await timely(dead.list(MOST_SHOWN));
    return { total, letters: letters.map(showLetter) };
  });

  const lettersOf = async (shown: string): Promise<DeadLetter[]> => {
    const id = await timely(search.idOf(shown));
    const letters = id !== undefined && ALERT_ID_PATTERN.test(id) ? await timely(dead.find([id])) : [];
    if (letters.length === 0) throw new HttpProblem('not-found', { detail: 'No dead letter has this id.' });
    return letters;
  };
  app.post<ById>('/console/api/dead/:id/replay', async ({ params }): Promise<ConsoleApi['replay']> => {
    const letters = await lettersOf(params.id);
    const results = letters.map(async (letter) => ({ ...(await dead.replay(letter)), id: shownAlertId(letter.id) }));
    return { results: await timely(Promise.all(results)) };
  });
  app.post<ById>('/console/api/dead/:id/discard', async ({ params }): Promise<ConsoleApi['discard']> => {
    const letters = await lettersOf(params.id);
    const gone = await timely(Promise.all(letters.map(dead.discard)));
    return { discarded: gone.filter(Boolean).length };
  });

  app.get('/console/api/unknown', async (): Promise<ConsoleApi['unknown']> => {
    return { messages: (await timely(resolver.list(MOST_SHOWN))).map(showMessage) };
  });
  app.post<ById>('/console/api/unknown/:id', async ({ params: { id }, body }): Promise<ConsoleApi['resolveUnknown']> => {
    const { word } = parse(resolveSchema, body, `Send { "word": one of ${OPERATOR_WORDS.join(', ')} }.`);
    // Read before the message is resolved, which removes the unresolved attempt.
    const unresolved = ALERT_ID_PATTERN.test(id) ? (await timely(histories.message(id)))?.attempts.findLast(isUnresolved) : undefined;
    const settled = await timely(resolver.resolve(id, word));
    if (settled.kind === 'settled' && unresolved !== undefined) deps.onSettled(unresolved.provider);
    return settled;
  });

  app.post('/console/api/send', async ({ body }, reply) => {
    const alert = parse(sendSchema, body, 'Send { "to": [names], "severity", "text" }.');
    const strangers = alert.to.filter((name) => !recipients.includes(name));
    if (strangers.length > 0) {
      throw new HttpProblem('invalid-request', { detail: 'The console sends only to contacts, groups and rotations of the config.' });
    }
    const [verdict] = await timely(producer.enqueueMany([{ ...alert, source: 'console' }]));
    if (verdict?.ok !== true) {
      const words = verdict?.issues.map(({ message }) => maskWords(message)).join('; ');
      throw new HttpProblem('invalid-request', { detail: words ?? 'The alert was not accepted.' });
    }
    const { id, duplicate } = verdict;
    return reply.code(202).send({ id, duplicate } satisfies ConsoleApi['send']);
  });
}

type ById = { Params: { id: string } };

const resolveSchema = z.strictObject({ word: z.enum(OPERATOR_WORDS) });
const sendSchema = z.strictObject({
  to: z.array(z.string()).min(1).max(100),
  severity: z.enum(SEVERITIES),
  text: z.string().trim().min(1).max(1600),
});

function parse<T>(schema: z.ZodType<T>, body: unknown, detail: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HttpProblem('invalid-request', { detail });
}

import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { recipientOf } from '../../explain/story.ts';
import { isUnresolved, type MessageHistory } from '../../ledger/history/history.ts';
import type { OperatorWord } from '../../pipeline/unknown/unknown-resolver.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatTime } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { storeConfig } from '../store-config.ts';
import { withUnknownResolver } from '../with-redis.ts';

export interface ListOptions extends StoreOptions {
  readonly limit: number;
}

export interface ResolveOptions extends StoreOptions {
  readonly sent?: true;
  readonly notSent?: true;
  readonly resend?: true;
}

export async function printList(deps: CliDeps, options: ListOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const { limit } = options;
  const found = await withUnknownResolver(deps, config, (resolver) => resolver.list(limit + 1));
  const messages = found.slice(0, limit);
  const more = found.length > limit;
  if (options.json) printJson(deps, { more, unknown: messages });
  else if (messages.length > 0) deps.stdout.write(`${formatTable([HEAD, ...messages.map(rowOf)])}\n`);
  deps.stderr.write(
    messages.length === 0
      ? 'no messages with unknown outcome\n'
      : `${messages.length} with unknown outcome${more ? ', and more; see --limit' : ''}\n`,
  );
  return 0;
}

const HEAD = ['SINCE', 'MESSAGE', 'SEVERITY', 'TO', 'PROVIDERS'];

function rowOf(message: MessageHistory): string[] {
  const asked = message.attempts.filter(isUnresolved);
  const since = asked.at(-1)?.endedAt ?? message.createdAt;
  return [formatTime(since), message.id, message.severity, recipientOf(message), asked.map(({ provider }) => provider).join(', ')];
}

const DONE: Readonly<Record<OperatorWord, string>> = {
  sent: 'recorded as sent: it counts as accepted',
  not_sent: 'recorded as not sent: it counts as failed, and its dedup key is free again',
  resend: 'recorded as not sent, and queued again',
};

export async function resolveOne(deps: CliDeps, id: string, options: ResolveOptions): Promise<number> {
  if (!ALERT_ID_PATTERN.test(id)) throw new UsageError('invalid id: an id has 1 to 128 characters of A-Z a-z 0-9 . _ -');
  const word = wordOf(options);
  const config = await storeConfig(deps, options);
  const settled = await withUnknownResolver(deps, config, (resolver) => resolver.resolve(id, word));
  if (settled.kind === 'kept') {
    const why = settled.state === undefined ? `no message has the id ${id}` : `${id} has no unknown outcome: it is ${settled.state}`;
    throw new CliFailure(why, `See its outcome: sms-dispatch explain ${id}`);
  }
  deps.stderr.write(`${DONE[word]}\n`);
  if (options.json) printJson(deps, { id, resolved: word });
  return 0;
}

function wordOf({ sent, notSent, resend }: ResolveOptions): OperatorWord {
  if ((sent === undefined) === (notSent === undefined)) throw new UsageError('give --sent or --not-sent');
  if (resend !== undefined && notSent === undefined) throw new UsageError('--resend requires --not-sent');
  if (sent !== undefined) return 'sent';
  return resend === undefined ? 'not_sent' : 'resend';
}

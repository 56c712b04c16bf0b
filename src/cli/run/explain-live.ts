import { messageId } from '../../alert/id.ts';
import { type E164, maskEntry, parsePhone } from '../../alert/phone/phone.ts';
import type { Config } from '../../config/config.ts';
import type { MessageHistory } from '../../ledger/history/history.ts';
import { type LookupTarget, lookupTarget } from '../../pipeline/lookup/lookup.ts';
import { unclear, type VendorStatus } from '../../provider/contract/provider.ts';
import type { AskableProvider, CliDeps } from '../cli-deps.ts';
import { UsageError } from '../cli-failure.ts';
import { callDeadline } from '../command-context.ts';
import { reportAdapterBug } from '../report-failure.ts';
import { createProgressLine } from '../terminal/progress-line.ts';

/** Current status of a message at its provider. */
export interface LiveAnswer {
  readonly provider: string;
  /** `cannot_be_asked`: the vendor has no status query, or the config no longer has the provider. */
  readonly status: VendorStatus | { readonly kind: 'cannot_be_asked'; readonly configured: boolean };
  /** Whether the full number was known, which some vendors require. */
  readonly numberKnown: boolean;
}

/** Message id → status; messages that no provider may have are absent. */
export type LiveAnswers = ReadonlyMap<string, LiveAnswer>;

/** Number of parallel queries. */
const CONCURRENCY = 5;

/**
 * Queries the providers of messages for the delivery status. Changes nothing in the ledger.
 * @param numbers full numbers, as typed, of messages whose recipient is not a contact
 * @throws {UsageError} when one of `numbers` belongs to none of the messages
 */
export async function askProviders(
  deps: CliDeps,
  config: Config,
  messages: readonly MessageHistory[],
  numbers: readonly string[],
): Promise<LiveAnswers> {
  const phones = pickPhones(config, messages, numbers);
  const asked = messages.flatMap((message) => {
    const target = lookupTarget(message);
    return target === undefined ? [] : [{ message, target }];
  });
  const providers = new Map<string, Promise<AskableProvider>>();
  const open = (name: string) => {
    const opened = providers.get(name) ?? deps.openProvider(config, name);
    providers.set(name, opened);
    return opened;
  };
  const answers = new Map<string, LiveAnswer>();
  const progress = createProgressLine(deps.stderr);
  const waiting = asked.values();
  const askOnes = async (): Promise<void> => {
    for (const { message, target } of waiting) {
      progress.show(`querying: ${answers.size} of ${asked.length} messages done`);
      const to = phones.get(message.id);
      const status = await askOne(deps, config, open, message, target, to);
      answers.set(message.id, { provider: target.provider, status, numberKnown: to !== undefined });
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, askOnes));
  } finally {
    progress.clear();
    await Promise.all([...providers.values()].map((opened) => opened.then((provider) => provider.close()).catch(() => undefined)));
  }
  return answers;
}

async function askOne(
  deps: CliDeps,
  config: Config,
  open: (name: string) => Promise<AskableProvider>,
  { id }: MessageHistory,
  { provider: name, ...text }: LookupTarget,
  to: E164 | undefined,
): Promise<LiveAnswer['status']> {
  const timeoutMs = config.providers.get(name)?.timeoutMs;
  if (timeoutMs === undefined) return { kind: 'cannot_be_asked', configured: false };
  try {
    const provider = await open(name);
    if (provider.status === undefined) return { kind: 'cannot_be_asked', configured: true };
    return await provider.status({ id, ...text, ...(to === undefined ? {} : { to }) }, callDeadline(timeoutMs));
  } catch (error) {
    reportAdapterBug(error, name, deps);
    return unclear('adapter_bug');
  }
}

/** Finds the full number of each message: the ledger has masked numbers, and the message id proves which number is its own. */
function pickPhones(config: Config, messages: readonly MessageHistory[], numbers: readonly string[]): Map<string, E164> {
  const typed = numbers.map((number) => {
    const verdict = parsePhone(number, config.defaultCountry);
    if (!verdict.ok) throw new UsageError(`--to: ${verdict.message}, got "${maskEntry(number)}"`);
    if (!messages.some((message) => isOf(message, verdict.phone))) {
      throw new UsageError(`--to: ${maskedWords(messages)}`);
    }
    return verdict.phone;
  });
  return new Map(
    messages.flatMap((message): [string, E164][] => {
      const contact = message.contact === null ? undefined : config.contacts.get(message.contact)?.phone;
      const phone = [contact, ...typed].find((candidate) => candidate !== undefined && isOf(message, candidate));
      return phone === undefined ? [] : [[message.id, phone]];
    }),
  );
}

function isOf({ id, alertId }: MessageHistory, phone: E164): boolean {
  return messageId(alertId, phone) === id;
}

function maskedWords(messages: readonly MessageHistory[]): string {
  const masked = [...new Set(messages.map(({ to }) => to))];
  const shown = masked.slice(0, 5).join(', ');
  return `not the number of ${messages.length === 1 ? 'the message' : 'any of the messages'}, sent to ${shown}${masked.length > 5 ? ', …' : ''}`;
}

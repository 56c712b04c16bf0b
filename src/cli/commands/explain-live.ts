import { messageId } from '../../alert/id.ts';
import { type E164, maskEntry, parsePhone } from '../../alert/phone.ts';
import type { Config } from '../../config/config.ts';
import type { MessageTrace } from '../../ledger/history/trace.ts';
import { type LookupTarget, lookupTarget } from '../../pipeline/lookup/lookup.ts';
import { unclear, type VendorStatus } from '../../provider/contract/provider.ts';
import type { AskableProvider, CliDeps } from '../cli-deps.ts';
import { reportAdapterBug, UsageError } from '../cli-failure.ts';
import { callDeadline } from '../command-context.ts';
import { createProgressLine } from '../terminal/progress-line.ts';

/** What a message's provider says of it now. */
export interface LiveAnswer {
  readonly provider: string;
  /** `cannot_be_asked`: the vendor has no way to, or the config no longer has the provider. */
  readonly status: VendorStatus | { readonly kind: 'cannot_be_asked'; readonly configured: boolean };
  /** The whole number was known, which some vendors must be told. */
  readonly numberKnown: boolean;
}

/** Messages by id; one that no provider may have is not in it. */
export type LiveAnswers = ReadonlyMap<string, LiveAnswer>;

/** Questions at once. */
const CONCURRENCY = 5;

/**
 * Asks the providers of messages what became of them. Changes nothing in the ledger.
 * @param numbers whole numbers, as typed, of messages whose recipient is no contact
 * @throws {UsageError} when one of `numbers` is the number of none of the messages
 */
export async function askProviders(
  deps: CliDeps,
  config: Config,
  messages: readonly MessageTrace[],
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
      progress.show(`asking: ${answers.size} of ${asked.length} messages done`);
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
  { id }: MessageTrace,
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

/** The whole numbers of messages: the ledger holds masked ones, and a message's id proves which number is its own. */
function pickPhones(config: Config, messages: readonly MessageTrace[], numbers: readonly string[]): Map<string, E164> {
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

function isOf({ id, alertId }: MessageTrace, phone: E164): boolean {
  return messageId(alertId, phone) === id;
}

function maskedWords(messages: readonly MessageTrace[]): string {
  const masked = [...new Set(messages.map(({ to }) => to))];
  const shown = masked.slice(0, 5).join(', ');
  return `that is not the number of ${messages.length === 1 ? 'the message' : 'any of the messages'}; it went to ${shown}${masked.length > 5 ? ', …' : ''}`;
}

import {
  type E164,
  identifySender,
  maskEntry,
  maskNumbers,
  maskPhone,
  parsePhone,
  phoneHash,
  phoneHashes,
  type Sender,
} from '../../alert/phone/phone.ts';
import type { Config } from '../../config/config.ts';
import { recipientOf } from '../../explain/story.ts';
import type { OptOut } from '../../ledger/opt-out/opt-outs.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatTime } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommonOptions, printJson, type StoreOptions } from '../command-context.ts';
import { noSuch } from '../options/suggestions.ts';
import { storeConfig } from '../store-config.ts';
import { withOptOuts } from '../with-redis.ts';

export async function printList(deps: CliDeps, options: StoreOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const optOuts = await withOptOuts(deps, config, (store) => store.list());
  const names = new Map([...config.contacts].flatMap(([name, { phone }]) => phoneHashes(phone).map((hash) => [hash, name] as const)));
  const entries = optOuts.map((entry) => ({ ...entry, contact: names.get(entry.phoneHash) ?? null }));
  if (options.json) {
    printJson(deps, { optOuts: entries.map(({ to, contact, since, source }) => ({ to, contact, since, source })) });
  } else if (entries.length > 0) {
    const rows = entries.map((entry) => [formatTime(entry.since.toISOString()), recipientOf(entry), entry.source]);
    deps.stdout.write(`${formatTable([['SINCE', 'PHONE', 'SOURCE'], ...rows])}\n`);
  }
  deps.stderr.write(optOuts.length === 0 ? 'no opt-outs\n' : `${optOuts.length} opted out\n`);
  return 0;
}

export async function addOne(deps: CliDeps, who: string, options: StoreOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const phone = phoneOf(who, config);
  const optOut: OptOut = { phoneHash: phoneHash(phone), to: maskPhone(phone), since: deps.now(), source: 'operator' };
  if (!(await withOptOuts(deps, config, (store) => store.optOut(optOut)))) throw otherwise(maskPhone(phone), 'in');
  return report(deps, maskPhone(phone), true, `${maskPhone(phone)} opted out; it receives no more messages`, options);
}

export async function removeOne(deps: CliDeps, who: string, options: StoreOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const { hashes, shown, fault } = senderOf(who, config);
  const [was, free] = await withOptOuts(deps, config, async (store) => {
    const before = await store.isOptedOut(...hashes);
    if (!before && fault !== undefined) throw new UsageError(fault);
    const answers: boolean[] = [];
    for (const hash of hashes) answers.push(await store.optIn(hash, deps.now()));
    return [before, answers.every((answer) => answer)];
  });
  if (!free) throw otherwise(shown, 'out');
  const result = was ? 'messages are allowed again, unless a provider still rejects them' : 'had not opted out';
  return report(deps, shown, false, `${shown}: ${result}`, options);
}

function report(deps: CliDeps, to: string, optedOut: boolean, result: string, { json }: CommonOptions): number {
  deps.stderr.write(`${result}\n`);
  if (json) printJson(deps, { to, optedOut });
  return 0;
}

/** Builds the error for a newer entry in the store: another opt-in or opt-out came in, or the clocks differ. */
function otherwise(phone: string, way: 'in' | 'out'): CliFailure {
  return new CliFailure(`${phone} opted ${way} at a time later than now; the clocks of two machines differ`, 'Nothing changed. Try again.');
}

/** Also handles a sender that is not a phone number, such as a short code, whose STOP is stored by its digits. */
function senderOf(who: string, config: Config): Sender & { readonly fault?: string } {
  const named = who.startsWith('contact:');
  const fault = named ? undefined : numberFault(who, config);
  if (fault !== undefined) return { ...identifySender(who, config.defaultCountry), fault };
  const phone = phoneOf(who, config);
  return { hashes: phoneHashes(phone), shown: maskPhone(phone) };
}

function numberFault(who: string, { defaultCountry }: Config): string | undefined {
  const verdict = parsePhone(who, defaultCountry);
  return verdict.ok ? undefined : `${verdict.message}, got "${maskEntry(who)}"`;
}

function phoneOf(who: string, { contacts, defaultCountry }: Config): E164 {
  if (who.startsWith('contact:')) {
    const contact = contacts.get(who.slice('contact:'.length));
    if (contact === undefined) throw new CliFailure(noSuch('contact', maskNumbers(who.slice('contact:'.length)), [...contacts.keys()]));
    return contact.phone;
  }
  const verdict = parsePhone(who, defaultCountry);
  if (!verdict.ok) throw new UsageError(`${verdict.message}, got "${maskEntry(who)}"`);
  return verdict.phone;
}

import { NO_RECIPIENT, RECIPIENT_KINDS, type RecipientKind, readRecipientName } from '../../alert/parse/parse-alert.ts';
import { maskEntry, parsePhone } from '../../alert/phone/phone.ts';
import { isMailAddress } from '../../setting/mail-address.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { ConfigFinding } from '../finding.ts';
import { countryOf, list, type Quote, record, type Section, theyAre } from '../source/raw-file.ts';
import type { Path } from '../source/yaml-source.ts';

/** Finds unknown names of contacts, groups and rotations, and groups that contain themselves. */
export function addressFaults(file: Section, quote: Quote): ConfigFinding[] {
  return [...groupFaults(file, quote), ...circleFaults(file), ...webhookFaults(file, quote), ...mailFaults(file, quote)];
}

function groupFaults(file: Section, quote: Quote): ConfigFinding[] {
  return Object.entries(record(file.groups)).flatMap(([group, members]) =>
    list(members).flatMap((member, index): ConfigFinding[] => {
      if (typeof member !== 'string' || member === '') return [];
      const path = ['groups', group, index];
      return /^(group|rotation):/.test(member)
        ? (prefixedFaults(file, member, path, quote) ?? [])
        : contactNameFaults(file, member, path, quote);
    }),
  );
}

/** Checks the name of a contact where only contacts are allowed, without a `contact:` prefix. */
export function contactNameFaults(file: Section, name: unknown, path: Path, quote: Quote): ConfigFinding[] {
  if (typeof name !== 'string' || name === '' || Object.hasOwn(record(file.contacts), name)) return [];
  const unknown = { path, message: `no contact named ${quote(path)}` };
  if (!mayHint(file)) return [unknown];
  const contacts = namesOf(file, 'contact');
  const others = RECIPIENT_KINDS.filter((kind) => kind !== 'contact' && namesOf(file, kind).includes(name)).map(
    (kind) => `${kind}:${name}`,
  );
  const hint = parsePhone(name, countryOf(file)).ok
    ? 'expected the name of a contact: add the number under contacts'
    : (didYouMean(name.replace(/^contact:/, ''), contacts) ?? didYouMean(others[0] ?? '', others) ?? theyAre('contacts', contacts));
  return [{ ...unknown, hint }];
}

/** Finds cycles: expanding a group that contains itself, directly or through others, would never end. */
function circleFaults(file: Section): ConfigFinding[] {
  const groups = record(file.groups);
  const done = new Set<string>();
  const walk = (name: string, above: readonly string[]): ConfigFinding[] => {
    if (done.has(name)) return [];
    done.add(name);
    const way = [...above, name];
    return list(groups[name]).flatMap((member, index): ConfigFinding[] => {
      const inner = typeof member === 'string' && member.startsWith('group:') ? member.slice('group:'.length) : undefined;
      if (inner === undefined || !Object.hasOwn(groups, inner)) return [];
      if (!way.includes(inner)) return walk(inner, way);
      const circle = [...way.slice(way.indexOf(inner)), inner].join(' → ');
      return [
        { path: ['groups', name, index], message: `group ${inner} contains itself: ${circle}`, hint: 'remove this entry', hideValue: true },
      ];
    });
  };
  return Object.keys(groups).flatMap((name) => walk(name, []));
}

/** Fault for an invalid phone number; the number is masked whatever its notation. */
export function phoneFault(path: Path, phone: string, message: string): ConfigFinding {
  return { path, message: `${message}, got "${maskEntry(phone)}"`, hideValue: true };
}

function webhookFaults(file: Section, quote: Quote): ConfigFinding[] {
  return list(record(file.webhooks).to).flatMap((recipient, index): ConfigFinding[] => {
    if (typeof recipient !== 'string' || recipient === '') return [];
    const path = ['webhooks', 'to', index];
    const named = prefixedFaults(file, recipient, path, quote);
    if (named !== undefined) return named;
    const verdict = parsePhone(recipient, countryOf(file));
    if (verdict.ok) return [];
    const isNumber = (recipient.match(/\p{Nd}/gu)?.length ?? 0) >= 4;
    return [isNumber ? phoneFault(path, recipient, verdict.message) : { path, message: NO_RECIPIENT, hint: meantKind(file, recipient) }];
  });
}

/** Checks the recipients of each channel. */
function mailFaults(file: Section, quote: Quote): ConfigFinding[] {
  return Object.entries(record(file.channels)).flatMap(([name, channel]) =>
    list(record(channel).to).flatMap((address, index): ConfigFinding[] => {
      if (typeof address !== 'string' || address === '') return [];
      const path = ['channels', name, 'to', index];
      const named = prefixedFaults(file, address, path, quote);
      if (named !== undefined) return named;
      if (isMailAddress(address)) return [];
      return [
        { path, message: 'neither an e-mail address nor contact:<name>, group:<name> or rotation:<name>', hint: meantKind(file, address) },
      ];
    }),
  );
}

/** Checks `contact:<name>`, `group:<name>` and `rotation:<name>`; `undefined` for any other form. */
function prefixedFaults(file: Section, written: string, path: Path, quote: Quote): ConfigFinding[] | undefined {
  const named = readRecipientName(written);
  if (named === undefined) return undefined;
  const { kind, name } = named;
  if (Object.hasOwn(record(file[`${kind}s`]), name)) return [];
  const unknown = { path, message: `no such ${kind}: ${quote(path)}` };
  if (!mayHint(file)) return [unknown];
  const names = namesOf(file, kind);
  const known = names.map((other) => `${kind}:${other}`);
  return [{ ...unknown, hint: didYouMean(written, known) ?? theyAre(`${kind}s`, names) }];
}

/** Finding the nearest name reads all names, so only this many faults of a file get a suggestion. */
const MOST_HINTS = 50;
const hinted = new WeakMap<Section, number>();

function mayHint(file: Section): boolean {
  const count = (hinted.get(file) ?? 0) + 1;
  hinted.set(file, count);
  return count <= MOST_HINTS;
}

/** Suggestion for a name that lacks its prefix. */
function meantKind(file: Section, written: string): string | undefined {
  const kind = RECIPIENT_KINDS.find((kind) => namesOf(file, kind).includes(written));
  return kind === undefined ? undefined : `did you mean "${kind}:${written}"?`;
}

function namesOf(file: Section, kind: RecipientKind): string[] {
  return Object.keys(record(file[`${kind}s`]));
}

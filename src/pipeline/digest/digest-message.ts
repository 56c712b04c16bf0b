import type { Severity } from '../../alert/severity.ts';
import { SEVERITIES, severityRank } from '../../alert/severity.ts';
import type { DigestLine } from '../../ledger/digest/digests.ts';
import type { CapRule } from '../../limit/caps/rate-cap.ts';
import { LONGEST_DIGEST_LIFE_MS } from '../../redis/keys.ts';
import type { Message } from '../message.ts';
import { FEW_SEGMENTS } from './compose-digest.ts';

/** What a digest takes over from the gravest message in it: whatever is not that message's alone. */
type Manner = Omit<Message, (typeof OWN)[number]>;

const OWN = [
  'id',
  'alertId',
  'to',
  'text',
  'template',
  'variables',
  'segments',
  'receivedAt',
  'expiresAt',
  'dedupHash',
  'dedupeForMs',
  'overflow',
  'notBefore',
  'ackCode',
  'resolvedTexts',
  'replay',
  'simulated',
  'digest',
] as const;

/** As JSON, without the number. */
export function mannerOf(message: Message): string {
  return JSON.stringify(Object.fromEntries(Object.entries(message).filter(([key]) => !(OWN as readonly string[]).includes(key))));
}

/** The same digest, sent as the gravest of what it tells by now would be. */
export function inManner(digest: Message, manner: string): Message {
  return { ...digest, ...(JSON.parse(manner) as Manner) };
}

const DAY_MS = 86_400_000;
/** Longer than the nights and the shorter windows that a digest waits for. */
const SHORTEST_LIFE_MS = 2 * DAY_MS;
const MARGIN_MS = 3_600_000;

/** How long a digest may wait: past the longest window of its caps, because it is then at the latest that it finds room. */
export function digestLifeMs(rules: readonly Pick<CapRule, 'windowMs'>[]): number {
  const longest = Math.max(0, ...rules.map(({ windowMs }) => windowMs)) + MARGIN_MS;
  return Math.min(Math.max(SHORTEST_LIFE_MS, longest), LONGEST_DIGEST_LIFE_MS);
}

/** A digest that has nothing to say yet. One id is that of its alert as well: nobody raised one. */
export function newDigest(
  id: string,
  { to, simulated }: Pick<Message, 'to' | 'simulated'>,
  manner: string,
  now: Date,
  lifeMs: number,
): Message {
  const taken = JSON.parse(manner) as Manner;
  return {
    ...taken,
    id,
    alertId: id,
    to,
    ...(simulated ? { simulated } : {}),
    text: '',
    segments: FEW_SEGMENTS,
    variables: { instance: '', priority: '', content: '' },
    receivedAt: now.getTime(),
    expiresAt: now.getTime() + lifeMs,
    dedupHash: id,
    overflow: 'digest',
    digest: { countedAs: taken.severity },
  };
}

/** With its final text, which fits its room and is shortened no further. */
export function sayDigest(digest: Message, { as, text }: { readonly as: string; readonly text: string }): Message {
  const { maxSegments: _, ...said } = inManner(digest, as);
  return { ...said, text, variables: { instance: '', priority: said.severity.toUpperCase(), content: text } };
}

/** The manner of a digest of some of the alerts that this one was to tell: no graver than they are. */
export function mannerOfLeft(manner: string, left: readonly DigestLine[]): string {
  const top = left.reduce<Severity>(
    (gravest, { severity }) => (severityRank(severity) > severityRank(gravest) ? severity : gravest),
    SEVERITIES[0],
  );
  return JSON.stringify({ ...(JSON.parse(manner) as Manner), severity: top });
}

/** It still gathers, as far as its job knows. */
export function isOpen({ digest, text }: Message): boolean {
  return digest !== undefined && text === '';
}

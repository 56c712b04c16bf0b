import type { Severity } from '../../alert/severity.ts';
import { SEVERITIES, severityRank } from '../../alert/severity.ts';
import type { DigestLine } from '../../ledger/digest/digests.ts';
import type { CapRule } from '../../limit/caps/rate-cap.ts';
import { LONGEST_DIGEST_LIFE_MS } from '../../redis/keys.ts';
import type { Message } from '../message.ts';
import { FEW_SEGMENTS } from './compose-digest.ts';

/** Fields that a digest copies from its most severe message: everything that is not specific to one message. */
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

/** Serialises these fields as JSON, without the number. */
export function mannerOf(message: Message): string {
  return JSON.stringify(Object.fromEntries(Object.entries(message).filter(([key]) => !(OWN as readonly string[]).includes(key))));
}

/** Applies the fields of its most severe message so far to the digest. */
export function inManner(digest: Message, manner: string): Message {
  return { ...digest, ...(JSON.parse(manner) as Manner) };
}

const DAY_MS = 86_400_000;
/** Longer than the nights and the shorter windows that a digest waits for. */
const SHORTEST_LIFE_MS = 2 * DAY_MS;
const MARGIN_MS = 3_600_000;

/** How long a digest may wait: past the longest window of its caps, at whose end it fits at the latest. */
export function digestLifeMs(rules: readonly Pick<CapRule, 'windowMs'>[]): number {
  const longest = Math.max(0, ...rules.map(({ windowMs }) => windowMs)) + MARGIN_MS;
  return Math.min(Math.max(SHORTEST_LIFE_MS, longest), LONGEST_DIGEST_LIFE_MS);
}

/** Creates an empty digest. Its id is also its alert id, because no producer raised it. */
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

/** Sets the final text, which fits its size and is not shortened further. */
export function sayDigest(digest: Message, { as, text }: { readonly as: string; readonly text: string }): Message {
  const { maxSegments: _, ...said } = inManner(digest, as);
  return { ...said, text, variables: { instance: '', priority: said.severity.toUpperCase(), content: text } };
}

/** Fields of a digest with the alerts that are left: its severity is the highest of theirs. */
export function mannerOfLeft(manner: string, left: readonly DigestLine[]): string {
  const top = left.reduce<Severity>(
    (gravest, { severity }) => (severityRank(severity) > severityRank(gravest) ? severity : gravest),
    SEVERITIES[0],
  );
  return JSON.stringify({ ...(JSON.parse(manner) as Manner), severity: top });
}

/** Whether its job still has no final text. */
export function isOpen({ digest, text }: Message): boolean {
  return digest !== undefined && text === '';
}

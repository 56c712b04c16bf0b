import { hash } from '../alert/id.ts';
import type { DigestContent } from '../ledger/digests.ts';
import { composeDigest, DIGEST_SEGMENTS } from './compose-digest.ts';
import type { Message } from './message.ts';

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
  'maxSegments',
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

/** The ledger keeps its entry for longer, and whoever reads it later still has use for it. */
const LIFE_MS = 2 * 86_400_000;

/** A digest that has nothing to say yet. One id is that of its alert as well: nobody raised one. */
export function newDigest(id: string, { to, simulated }: Pick<Message, 'to' | 'simulated'>, manner: string, now: Date): Message {
  const taken = JSON.parse(manner) as Manner;
  return {
    ...taken,
    id,
    alertId: id,
    to,
    ...(simulated ? { simulated } : {}),
    text: '',
    segments: DIGEST_SEGMENTS,
    maxSegments: DIGEST_SEGMENTS,
    variables: { instance: '', priority: '', content: '' },
    receivedAt: now.getTime(),
    expiresAt: now.getTime() + LIFE_MS,
    dedupHash: id,
    overflow: 'digest',
    digest: { countedAs: taken.severity },
  };
}

/** With what it says for good. */
export function sayDigest(digest: Message, content: DigestContent, timeZone: string | undefined): Message {
  const said = inManner(digest, content.as);
  const text = composeDigest(content, { timeZone, transliterate: said.transliterate === true });
  return { ...said, text, variables: { instance: '', priority: said.severity.toUpperCase(), content: text } };
}

/** Names, in place of its phone, what gathers for a message: what a trial held back is never told of in a text to the phone. */
export function digestLaneOf({ phoneHash, simulated }: Pick<Message, 'phoneHash' | 'simulated'>): string {
  return simulated ? hash('simulated', phoneHash) : phoneHash;
}

/** It still gathers, as far as its job knows. */
export function isOpen({ digest, text }: Message): boolean {
  return digest !== undefined && text === '';
}

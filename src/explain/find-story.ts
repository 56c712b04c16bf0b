import type { AlertHistory, CapFilling, MessageHistory, StoryHistories } from '../ledger/history/history.ts';
import type { Contributor } from '../limit/caps/cap-usage-statistics.ts';
import { formatElapsed } from '../text/format-time.ts';
import { concludeMessage } from './conclude-message.ts';
import { type Story, storyOfMessage } from './story.ts';
import { concludeAlert, storyOfAlert } from './story-of-alert.ts';

/**
 * Result of looking up an id. `digest`: the digest that contains its only message. `filling`: the contributors to the cap
 * that held its only message back. `original`: the alert that a duplicate repeats.
 */
export type Found = {
  readonly digest: MessageHistory | undefined;
  readonly filling?: CapFilling | undefined;
  readonly original?: AlertHistory | undefined;
} & ({ readonly kind: 'alert'; readonly alert: AlertHistory } | { readonly kind: 'message'; readonly message: MessageHistory });

/** Returns `undefined` for an unknown or expired id. Rejects when Redis does. */
export async function findTraced(histories: StoryHistories, id: string): Promise<Found | undefined> {
  const alert = await histories.alert(id);
  const message = alert === undefined ? await histories.message(id) : undefined;
  const [first, ...more] = alert?.messages ?? [message];
  const digest = first?.digest === undefined || more.length > 0 ? undefined : await histories.message(first.digest);
  const filling = first === undefined || more.length > 0 ? undefined : await histories.capFilling(first);
  const duplicateOf = alert?.duplicateOf ?? (more.length > 0 ? undefined : first?.duplicateOf);
  const original = duplicateOf === undefined ? undefined : await histories.alert(duplicateOf);
  if (alert !== undefined) return { kind: 'alert', alert, digest, filling, original };
  return message === undefined ? undefined : { kind: 'message', message, digest, filling, original };
}

export function storyOf(found: Found, now: Date): Story {
  const base = found.kind === 'alert' ? storyOfAlert(found.alert, now) : storyOfMessage(found.message, now);
  const filled = found.filling === undefined ? base : { ...base, facts: [...base.facts, ...fillingFacts(found.filling)] };
  const phone = found.kind === 'alert' ? found.alert.messages[0]?.to : found.message.to;
  const story = found.original === undefined ? filled : withOriginal(filled, found.original, phone, now);
  return found.digest === undefined ? story : withDigest(story, found.digest, now);
}

const FILLED_BY_SHOWN = 4;

function fillingFacts({ cap, by, count }: CapFilling): Story['facts'] {
  const shown = by.slice(0, FILLED_BY_SHOWN).map((one) => `${one.count} × ${describeContributor(one)}`);
  const others = count - by.slice(0, FILLED_BY_SHOWN).reduce((sum, one) => sum + one.count, 0);
  const filledBy = count === 0 ? '' : `, filled by ${[...shown, ...(others > 0 ? [`${others} others`] : [])].join('; ')}`;
  return [['cap', `${cap.max} in ${formatElapsed(cap.windowMs).replace(' 0 min', '')}${filledBy}`]];
}

/** Formats a contributor: `checkout, route default, to alice`. */
export function describeContributor({ source, route, contact }: Contributor): string {
  return [source ?? 'no source', `route ${route}`, ...(contact === null ? [] : [`to ${contact}`])].join(', ');
}

/** Adds the conclusion of the alert that a duplicate repeats, for the same phone when it is unambiguous. */
function withOriginal(story: Story, original: AlertHistory, phone: string | undefined, now: Date): Story {
  const [same, ...more] = original.messages.filter(({ to }) => phone === undefined || to === phone);
  const { text } = same === undefined || more.length > 0 ? concludeAlert(original, now) : concludeMessage(same, now, original.receivedAt);
  return { ...story, conclusion: { ...story.conclusion, text: `${story.conclusion.text} Alert ${original.id}: ${text}` } };
}

/** Adds the conclusion of the digest that contains the message. */
function withDigest(story: Story, digest: MessageHistory, now: Date): Story {
  const { text, todo } = concludeMessage(digest, now);
  const outcome = `The digest that contains it, ${digest.id}: ${text}`;
  return { ...story, conclusion: { ...story.conclusion, todo: todo === undefined ? outcome : `${outcome} ${todo}` } };
}

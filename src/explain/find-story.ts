import type { AlertTrace, MessageTrace, Traces } from '../ledger/trace.ts';
import { concludeMessage } from './conclude-message.ts';
import { type Story, storyOfMessage } from './story.ts';
import { storyOfAlert } from './story-of-alert.ts';

/** What an id stands for. `digest`: the message that tells of it, where it is one text only and a digest does. */
export type Found = { readonly digest: MessageTrace | undefined } & (
  | { readonly kind: 'alert'; readonly alert: AlertTrace }
  | { readonly kind: 'message'; readonly message: MessageTrace }
);

/** Rejects when Redis does; `undefined` for an id never seen or past its time. */
export async function findTraced(traces: Traces, id: string): Promise<Found | undefined> {
  const alert = await traces.alert(id);
  const message = alert === undefined ? await traces.message(id) : undefined;
  const [told, ...more] = alert?.messages ?? [message];
  const digest = told?.digest === undefined || more.length > 0 ? undefined : await traces.message(told.digest);
  if (alert !== undefined) return { kind: 'alert', alert, digest };
  return message === undefined ? undefined : { kind: 'message', message, digest };
}

export function storyOf(found: Found, now: Date): Story {
  const story = found.kind === 'alert' ? storyOfAlert(found.alert, now) : storyOfMessage(found.message, now);
  return found.digest === undefined ? story : withDigest(story, found.digest, now);
}

/** What became of the digest is what became of it. */
function withDigest(story: Story, digest: MessageTrace, now: Date): Story {
  const { text, todo } = concludeMessage(digest, now);
  const fate = `The digest that tells of it, ${digest.id}: ${text}`;
  return { ...story, conclusion: { text: story.conclusion.text, todo: todo === undefined ? fate : `${fate} ${todo}` } };
}

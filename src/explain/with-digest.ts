import type { MessageTrace } from '../ledger/trace.ts';
import { concludeMessage } from './conclude-message.ts';
import type { Story } from './story.ts';

/** The story of what is told of in a digest: what became of the digest is what became of it. */
export function withDigest(story: Story, digest: MessageTrace, now: Date): Story {
  const { text, todo } = concludeMessage(digest, now);
  const fate = `The digest that tells of it, ${digest.id}: ${text}`;
  return { ...story, conclusion: { text: story.conclusion.text, todo: todo === undefined ? fate : `${fate} ${todo}` } };
}

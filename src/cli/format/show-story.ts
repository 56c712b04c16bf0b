import type { ConclusionKind } from '../../explain/conclude-message.ts';
import { formatStory } from '../../explain/format-story.ts';
import type { Story } from '../../explain/story.ts';
import type { CliDeps } from '../cli-deps.ts';
import { createPaint, type Paint } from '../terminal/printable-text.ts';

/** Style per kind. A message that is not texted is as often right as wrong: it is only emphasised. */
const STYLES: Readonly<Record<ConclusionKind, keyof Paint>> = {
  texted: 'green',
  sending: 'yellow',
  waiting: 'yellow',
  unknown: 'yellow',
  undelivered: 'bold',
  simulated: 'bold',
  not_texted: 'bold',
};

/** Formats a story for the terminal in use: its width and colours. */
export function showStory(story: Story, { stdout, colour }: Pick<CliDeps, 'stdout' | 'colour'>): string {
  return formatStory(story, {
    width: stdout.isTTY ? stdout.columns : undefined,
    emphasise: createPaint(colour)[STYLES[story.conclusion.kind]],
  });
}

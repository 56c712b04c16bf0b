import { formatStory } from '../../explain/format-story.ts';
import type { Story } from '../../explain/story.ts';
import type { CliDeps } from '../cli-deps.ts';
import { createPaint, type Paint } from '../terminal/printable-text.ts';

/** Colour by the start of the conclusion. "Not sent" is as often right as wrong: it is only emphasised. */
const MOODS: readonly (readonly [beginning: string, style: keyof Paint])[] = [
  ['Texted', 'green'],
  ['Being texted', 'yellow'],
  ['Not texted yet', 'yellow'],
  ['Perhaps', 'yellow'],
];

/** Formats a story for the terminal in use: its width and colours. */
export function showStory(story: Story, { stdout, colour }: Pick<CliDeps, 'stdout' | 'colour'>): string {
  const mood = MOODS.find(([beginning]) => story.conclusion.text.startsWith(beginning))?.[1] ?? 'bold';
  return formatStory(story, { width: stdout.isTTY ? stdout.columns : undefined, emphasise: createPaint(colour)[mood] });
}

import type { ShownEntry } from '../../http/console/api.ts';
import { aboutOf, describeEntry, storyIdOf } from '../describe-entry.ts';
import { hrefOf } from '../route.ts';
import { Ago } from './clock.tsx';

/** Entries, newest first; each line links to its story. */
export function EntryList({ entries, label }: { readonly entries: readonly ShownEntry[]; readonly label: string }) {
  return (
    <ol class="entries" aria-label={label}>
      {entries.map((entry) => (
        <Entry key={entry.seq} entry={entry} />
      ))}
    </ol>
  );
}

function Entry({ entry }: { readonly entry: ShownEntry }) {
  const { tone, what, rest, reason } = describeEntry(entry);
  const about = aboutOf(entry);
  return (
    <li>
      <a class={`entry tone-${tone}`} href={hrefOf({ view: 'story', id: storyIdOf(entry) })}>
        <span class="entry-text">
          <b>{what}</b> {rest}
          {about !== null && <span class="reason"> {about}</span>}
          {reason !== null && <span class="reason"> {reason}</span>}
        </span>
        <Ago at={entry.at} />
      </a>
    </li>
  );
}

import { describeInbound } from '../../explain/reason-words.ts';
import type { ConsoleApi } from '../../http/console/api.ts';
import { Ago } from '../parts/clock.tsx';
import { Empty, FaultNote, Loading } from '../parts/note.tsx';
import { hrefOf } from '../route.ts';
import { useAsked } from '../use-asked.ts';

const EVERY_MS = 5_000;

/** Inbound messages and their effects. */
export function RepliesView() {
  const { data, fault, again } = useAsked<'inbound'>('inbound', EVERY_MS);
  return (
    <section class="card">
      <h2>Replies</h2>
      <p class="muted">Inbound messages, newest first. One without an effect may need a reply by a person.</p>
      {fault !== undefined && <FaultNote fault={fault} again={again} />}
      {data === undefined && fault === undefined && <Loading />}
      {data?.total === 0 && <Empty what="No inbound messages." />}
      <ul class="letters">
        {data?.entries.map((entry) => (
          <Reply key={`${entry.at} ${entry.from} ${entry.text}`} entry={entry} />
        ))}
      </ul>
      {data !== undefined && data.total > data.entries.length && (
        <p class="muted">
          The newest {data.entries.length} of {data.total}; <code>sms-dispatch inbound list</code> shows more.
        </p>
      )}
    </section>
  );
}

function Reply({ entry }: { readonly entry: ConsoleApi['inbound']['entries'][number] }) {
  const { at, from, contact, text, kind, alerts } = entry;
  const [first] = alerts;
  return (
    <li class="letter">
      <h3>
        {contact ?? from} <span class="sub">{contact === null ? '' : from}</span>
      </h3>
      <p>{text}</p>
      <p class="sub">
        {kind === 'unmatched' ? 'did ' : ''}
        {describeInbound(entry)}, <Ago at={at} />
      </p>
      {first !== undefined && (
        <a class="letter-link" href={hrefOf({ view: 'story', id: first })}>
          History
        </a>
      )}
    </li>
  );
}

import { isUnresolved, type MessageHistory } from '../../ledger/history/history.ts';
import { Ago } from '../parts/clock.tsx';
import { type Question, useConfirm } from '../parts/confirm.tsx';
import { Empty, FaultNote, Loading } from '../parts/note.tsx';
import { UnknownActions } from '../parts/unknown-actions.tsx';
import { hrefOf } from '../route.ts';
import { useAsked } from '../use-asked.ts';

const EVERY_MS = 2_000;

/** Messages with unknown outcome. */
export function UnknownView() {
  const { data, fault, again } = useAsked<'unknown'>('unknown', EVERY_MS);
  const { ask, dialog } = useConfirm(again);
  return (
    <section class="card">
      <h2>Unknown outcomes</h2>
      <p class="muted">
        The provider received these messages and gave no readable answer. Ask the recipient, or check the vendor's console, then record what
        you found.
      </p>
      {fault !== undefined && <FaultNote fault={fault} again={again} />}
      {data === undefined && fault === undefined && <Loading />}
      {data?.messages.length === 0 && <Empty what="No messages with unknown outcome." />}
      <ul class="letters">
        {data?.messages.map((message) => (
          <Message key={message.id} message={message} onAsk={ask} />
        ))}
      </ul>
      {dialog}
    </section>
  );
}

function Message({ message, onAsk }: { readonly message: MessageHistory; readonly onAsk: (question: Question) => void }) {
  const { id, contact, to, severity, attempts, createdAt } = message;
  const unresolved = attempts.filter(isUnresolved);
  return (
    <li class="letter">
      <h3>
        {contact ?? to} <span class="sub">{contact === null ? '' : to}</span>
      </h3>
      <p>
        {severity}, through {[...new Set(unresolved.map(({ provider }) => provider))].join(' and ') || 'a provider'},{' '}
        <Ago at={unresolved.at(-1)?.startedAt ?? createdAt} />
      </p>
      <UnknownActions message={message} onAsk={onAsk} />
      <a class="letter-link" href={hrefOf({ view: 'story', id })}>
        History
      </a>
    </li>
  );
}

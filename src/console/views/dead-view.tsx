import { useState } from 'preact/hooks';
import { reasonWords } from '../../explain/reason-words.ts';
import type { ConsoleApi } from '../../http/console/api.ts';
import { formatTime } from '../../text/format-time.ts';
import { post } from '../ask.ts';
import { Ago } from '../parts/clock.tsx';
import { type Question, useConfirm } from '../parts/confirm.tsx';
import { Empty, FaultNote, Loading, Words } from '../parts/note.tsx';
import { hrefOf } from '../route.ts';
import { useAsked } from '../use-asked.ts';

const EVERY_MS = 2_000;

/** Dead letters: messages that failed, expired or have an unknown outcome. */
export function DeadView() {
  const { data, fault, again } = useAsked<'dead'>('dead', EVERY_MS);
  const { ask, dialog } = useConfirm(again);
  const [said, setSaid] = useState('');
  return (
    <section class="card">
      <h2>Dead letters</h2>
      <p class="muted">
        These were not sent, or may not have been. Fix the cause, then replay: each is sent once more, with a new deadline.
      </p>
      <p class="said" role="status">
        {said}
      </p>
      {fault !== undefined && <FaultNote fault={fault} again={again} />}
      {data === undefined && fault === undefined && <Loading />}
      {data?.total === 0 && <Empty what="No dead letters." />}
      <ul class="letters">
        {data?.letters.map((letter) => (
          <Letter key={`${letter.what} ${letter.id}`} letter={letter} onAsk={ask} onSaid={setSaid} />
        ))}
      </ul>
      {data !== undefined && data.total > data.letters.length && (
        <p class="muted">
          The newest {data.letters.length} of {data.total}; <code>sms-dispatch dead list</code> shows more.
        </p>
      )}
      {dialog}
    </section>
  );
}

type DeadLetter = ConsoleApi['dead']['letters'][number];

const STATE_WORDS: Readonly<Record<DeadLetter['state'], string>> = {
  failed: 'failed',
  expired: 'expired before it was sent,',
  unknown: 'perhaps sent',
  malformed: 'rejected as malformed',
};

interface LetterProps {
  readonly letter: DeadLetter;
  readonly onAsk: (question: Question) => void;
  readonly onSaid: (words: string) => void;
}

function Letter({ letter, onAsk, onSaid }: LetterProps) {
  const { id, what, state, severity, to, contact, reason, code, detail, diedAt, stored } = letter;
  const who = contact ?? to ?? `the ${what}`;
  const path = `dead/${encodeURIComponent(id)}`;
  const { because, todo } = reasonWords(reason);
  const replay: Question = {
    title: 'Replay it?',
    what:
      what === 'message'
        ? `The message to ${who} is sent again, with a new deadline, within all caps and budgets. If the cause remains, it returns here.`
        : `The ${what} is queued again. If the cause remains, it returns here.`,
    yes: 'Replay',
    act: async () => onSaid(replayWords(who, await post<'replay'>(`${path}/replay`, {}))),
  };
  const discard: Question = {
    title: 'Discard it?',
    what: `It is removed from the dead letters permanently and can no longer be replayed. ${what === 'message' ? `Nothing is sent to ${who}.` : ''}`,
    yes: 'Discard',
    isGrave: true,
    act: async () => {
      const { discarded } = await post<'discard'>(`${path}/discard`, {});
      onSaid(discarded > 0 ? `Discarded: ${who}.` : 'It was already removed.');
    },
  };
  return (
    <li class="letter">
      <h3>
        {who} <span class="sub">{contact === null ? '' : to}</span>
      </h3>
      <p>
        <b>{upperFirst(because)}</b> <span class="reason">{[reason, ...(code === null ? [] : [`code ${code}`])].join(', ')}</span>
      </p>
      {todo !== undefined && (
        <p>
          <Words text={todo} />
        </p>
      )}
      <p class="sub">
        {[what, ...(severity === null ? [] : [severity]), STATE_WORDS[state]].join(', ')} <Ago at={diedAt} />
      </p>
      <details>
        <summary>Stored fields</summary>
        <dl class="facts">
          <div>
            <dt>why</dt>
            <dd>{detail}</dd>
          </div>
          {Object.entries(stored).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      <div class="actions">
        {state === 'unknown' ? (
          <a class="button main" href={hrefOf({ view: 'unknown' })}>
            Resolve it
          </a>
        ) : (
          <>
            <button type="button" class="main" onClick={() => onAsk(replay)}>
              Replay
            </button>
            <button type="button" onClick={() => onAsk(discard)}>
              Discard
            </button>
          </>
        )}
        {(what === 'message' || what === 'alert') && letter.alertId !== null && (
          <a class="button" href={hrefOf({ view: 'story', id })}>
            History
          </a>
        )}
      </div>
    </li>
  );
}

function replayWords(who: string, { results }: ConsoleApi['replay']): string {
  const [first] = results;
  switch (first?.kind) {
    case 'replayed':
      return `Replayed: ${who}${first.goodUntil === null ? '' : `, valid until ${formatTime(first.goodUntil)}`}.`;
    case 'resolved':
    case 'acknowledged':
      return `Not replayed: its alert was ${first.kind} meanwhile.`;
    case 'duplicate':
      return `Not replayed: alert ${first.of} with the same dedup key was sent or is being sent.`;
    case 'unknown':
      return 'Not replayed: it may have been sent. Resolve it first.';
    case 'ended':
      return `Not replayed: it is ${first.state}, and sending it again could send it twice.`;
    case 'forgotten':
      return 'Not replayed: its record has expired. Raise the alert again.';
    default:
      return 'Not replayed: another operator replayed or discarded it.';
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

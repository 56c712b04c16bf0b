import type { StoryPhone, TimelineEntry } from '../../explain/story.ts';
import type { ConsoleApi } from '../../http/console/api.ts';
import { splitConclusion, toneOfPhone } from '../describe-entry.ts';
import { TimeOfDay } from '../parts/clock.tsx';
import { type Question, useConfirm } from '../parts/confirm.tsx';
import { FaultNote, Loading, Words } from '../parts/note.tsx';
import { UnknownActions } from '../parts/unknown-actions.tsx';
import { hrefOf } from '../route.ts';
import { useAsked } from '../use-asked.ts';

const EVERY_MS = 2_000;

/** History of one alert or message. */
export function StoryView({ id }: { readonly id: string }) {
  const { data, fault, again } = useAsked<'story'>(`story/${encodeURIComponent(id)}`, EVERY_MS);
  const { ask, dialog } = useConfirm(again);
  if (data === undefined)
    return <section class="card">{fault === undefined ? <Loading /> : <FaultNote fault={fault} again={again} />}</section>;
  const { conclusion, facts, timeline, phones } = data.story;
  const { head, rest, tone } = splitConclusion(conclusion);
  return (
    <article class="card story">
      <p class="story-kind">
        {data.kind === 'alert' ? 'Alert' : 'Message'} <code>{id}</code>
      </p>
      <h1 class={`tone-${tone}`}>{head}</h1>
      <p class="story-rest">{rest}</p>
      {conclusion.todo !== undefined && (
        <p class="story-todo">
          <Words text={conclusion.todo} />
        </p>
      )}
      <StoryActions data={data} onAsk={ask} />
      {phones.length > 0 && <Phones phones={phones} />}
      <div class="story-columns">
        <section>
          <h2>
            Timeline <small>times in UTC</small>
          </h2>
          <Timeline entries={timeline} />
        </section>
        <section>
          <h2>Facts</h2>
          <dl class="facts">
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      {dialog}
    </article>
  );
}

function StoryActions({ data, onAsk }: { readonly data: ConsoleApi['story']; readonly onAsk: (question: Question) => void }) {
  const messages = data.kind === 'message' ? [data.message] : data.alert.messages;
  const only = messages.length === 1 ? messages[0] : undefined;
  return (
    <>
      {only?.state === 'unknown' && <UnknownActions message={only} onAsk={onAsk} />}
      <div class="actions">
        {data.kind === 'message' && (
          <a class="button" href={hrefOf({ view: 'story', id: data.message.alertId })}>
            Its alert
          </a>
        )}
        {messages.some(({ state }) => state === 'failed') && (
          <a class="button" href={hrefOf({ view: 'dead' })}>
            Dead letters
          </a>
        )}
      </div>
    </>
  );
}

function Timeline({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  if (entries.length === 0) return <p class="muted">No events yet.</p>;
  return (
    <ol class="timeline">
      {entries.map(({ at, stage, sentence }, index) => (
        <li key={index} class="step">
          <TimeOfDay at={at} />
          <span>
            {sentence} <span class="reason">{stage}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function Phones({ phones }: { readonly phones: readonly StoryPhone[] }) {
  return (
    <section class="story-phones">
      <h2>Phones</h2>
      <ul class="entries">
        {phones.map(({ messageId, recipient, state, words }) => (
          <li key={messageId}>
            <a class={`entry tone-${toneOfPhone(state)}`} href={hrefOf({ view: 'story', id: messageId })}>
              <span class="entry-text">{recipient}</span>
              <span class="sub">{words}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

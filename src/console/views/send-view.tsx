import { useEffect, useRef } from 'preact/hooks';
import type { ConsoleApi } from '../../http/console/api.ts';
import { Ago } from '../parts/clock.tsx';
import { Empty, FaultNote, Loading } from '../parts/note.tsx';
import { SendForm } from '../parts/send-form.tsx';
import { useAsked } from '../use-asked.ts';

const EVERY_MS = 1_500;
const SHOWN = 50;

/** Messages of the simulated provider, shown like on a phone: newest at the bottom. */
function SimulatedPhone() {
  const { data, fault, again } = useAsked<'outbox'>('outbox', EVERY_MS);
  const screen = useRef<HTMLOListElement>(null);
  const newest = data?.messages[0];
  useEffect(() => {
    screen.current?.scrollTo({ top: screen.current.scrollHeight });
  }, [newest?.messageId, newest?.at]);
  return (
    <section class="phone" aria-label="Simulated phone">
      <header>
        <h2>Simulated phone</h2>
        <p class="sub">These messages were not sent to real phones.</p>
      </header>
      {fault !== undefined && <FaultNote fault={fault} again={again} />}
      {data === undefined && fault === undefined && <Loading />}
      {data?.messages.length === 0 && <Empty what="No messages yet." />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ol ref={screen} class="bubbles" tabIndex={0} aria-label="Messages, newest last">
        {data?.messages
          .slice(0, SHOWN)
          .toReversed()
          .map(({ at, messageId, to, text }) => (
            <li key={`${messageId} ${at}`} class="text">
              <p class="bubble">{text}</p>
              <p class="sub">
                {to}, <Ago at={at} />
              </p>
            </li>
          ))}
      </ol>
    </section>
  );
}

/** Sends an alert to recipients of the config and, with a simulated provider, shows its messages. */
export function SendView({ overview }: { readonly overview: ConsoleApi['overview'] | undefined }) {
  if (overview === undefined) return <Loading />;
  const { names, providers } = overview;
  const isPlay = providers.every(({ type }) => type === 'simulated');
  return (
    <div class="columns columns-send">
      <section class="card">
        <h2>Send an alert</h2>
        {names.recipients.length === 0 ? (
          <Empty what="The config has no recipients." hint="Add `contacts` and `groups` to the config: the console sends only to them." />
        ) : (
          <SendForm names={names} isPlay={isPlay} />
        )}
      </section>
      {names.hasOutbox && <SimulatedPhone />}
    </div>
  );
}

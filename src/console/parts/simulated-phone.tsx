import { useEffect, useRef } from 'preact/hooks';
import { useAsked } from '../use-asked.ts';
import { Ago } from './clock.tsx';
import { Empty, FaultNote, Loading } from './note.tsx';

const EVERY_MS = 1_500;
const SHOWN = 50;

/** What the simulated provider's phones received, as a phone shows it: newest at the bottom. */
export function SimulatedPhone() {
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
        <p class="sub">Nothing here left this system.</p>
      </header>
      {fault !== undefined && <FaultNote fault={fault} again={again} />}
      {data === undefined && fault === undefined && <Loading />}
      {data?.messages.length === 0 && <Empty what="No text yet." />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ol ref={screen} class="bubbles" tabIndex={0} aria-label="Texts, newest last">
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

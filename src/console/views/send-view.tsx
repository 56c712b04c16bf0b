import type { ConsoleApi } from '../../http/console/api.ts';
import { Empty, Loading } from '../parts/note.tsx';
import { SendForm } from '../parts/send-form.tsx';
import { SimulatedPhone } from '../parts/simulated-phone.tsx';

/** Sends an alert to people of the config and, where a simulated provider is configured, shows what its phone received. */
export function SendView({ overview }: { readonly overview: ConsoleApi['overview'] | undefined }) {
  if (overview === undefined) return <Loading />;
  const { names, providers } = overview;
  const isPlay = providers.every(({ type }) => type === 'simulated');
  return (
    <div class="columns columns-send">
      <section class="card">
        <h2>Send an alert</h2>
        {names.recipients.length === 0 ? (
          <Empty what="The config names nobody." hint="Add `contacts` and `groups` to the config: only they can be texted from here." />
        ) : (
          <SendForm names={names} isPlay={isPlay} />
        )}
      </section>
      {names.hasOutbox && <SimulatedPhone />}
    </div>
  );
}

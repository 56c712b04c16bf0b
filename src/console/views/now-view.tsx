import { useState } from 'preact/hooks';
import type { ConsoleApi } from '../../http/console/api.ts';
import { isAfter } from '../flow.ts';
import { EntryList } from '../parts/entry-list.tsx';
import { Figures } from '../parts/figures.tsx';
import { FlowGraph } from '../parts/flow-graph.tsx';
import { Empty, Loading } from '../parts/note.tsx';
import type { Live } from '../use-live.ts';

const PAGE = 15;

export function NowView({ live, overview }: { readonly live: Live; readonly overview: ConsoleApi['overview'] | undefined }) {
  return (
    <div class="columns">
      <LiveFlow live={live} />
      <div class="stack">{overview === undefined ? <Loading /> : <Figures overview={overview} />}</div>
    </div>
  );
}

function LiveFlow({ live: { flow, skipped, fetchedFrom, isLoading, isLost } }: { readonly live: Live }) {
  const [most, setMost] = useState(PAGE);
  const [pausedAt, setPausedAt] = useState<string | undefined>();
  const shown = flow.entries.filter(({ seq }) => pausedAt === undefined || !isAfter(seq, pausedAt));
  const held = flow.entries.length - shown.length;
  const toggle = () => setPausedAt(pausedAt === undefined ? (flow.entries[0]?.seq ?? '0-0') : undefined);
  return (
    <section class="card">
      <div class="card-head">
        <h2>
          Live <small class={isLost ? 'tone-bad' : 'tone-good'}>{isLost ? 'not connected' : isLoading ? 'connecting' : 'live'}</small>
        </h2>
        <button type="button" aria-pressed={pausedAt !== undefined} onClick={toggle}>
          {pausedAt === undefined ? 'Pause' : `Resume${held > 0 ? ` (${held} new)` : ''}`}
        </button>
      </div>
      <FlowGraph flow={flow} from={fetchedFrom} />
      {skipped > 0 && (
        <p class="muted sub">
          {skipped} recent entries were not shown, drawn or counted here, because there were too many; the providers' figures and the
          metrics count them.
        </p>
      )}
      {shown.length > 0 ? (
        <>
          <EntryList entries={shown.slice(0, most)} label="Entries, newest first" />
          {shown.length > most && (
            <button type="button" onClick={() => setMost(most + 2 * PAGE)}>
              Show more
            </button>
          )}
        </>
      ) : isLoading ? (
        <Loading />
      ) : (
        <Empty what="No entries yet." hint="New entries appear here live. Send a message from the last tab." />
      )}
    </section>
  );
}

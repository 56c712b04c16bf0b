import { BAR_MS, BARS, type Bar, FATES, type Flow, lastBars } from '../flow.ts';
import { spanOf } from '../relative-time.ts';
import { useNow } from './clock.tsx';

const HEIGHT = 60;
const STEP = 10;
const TONES = { accepted: 'good', held: 'wait', not: 'plain', failed: 'bad' } as const;
const NAMES = { accepted: 'accepted', held: 'held back', not: 'suppressed', failed: 'failed' } as const;

/** Graph of the last minutes, newest on the right, with the sums in words. Nothing is known before `from`, in ms. */
export function FlowGraph({ flow, from }: { readonly flow: Flow; readonly from: number }) {
  const now = useNow();
  const bars = lastBars(flow, now);
  const sums = FATES.map((fate) => ({ fate, sum: bars.reduce((sum, { bar }) => sum + bar[fate], 0) }));
  const top = Math.max(4, ...bars.map(({ bar }) => total(bar)));
  const words = sums.map(({ fate, sum }) => `${sum} ${NAMES[fate]}`).join(', ');
  const span = spanOf(Math.max(0, Math.min(BARS * BAR_MS, now - from)) / 1000);
  return (
    <figure class="graph">
      <svg
        class="plot"
        viewBox={`0 0 ${BARS * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Last ${span}: ${words}`}
      >
        <line class="graph-base" x1="0" x2={BARS * STEP} y1={HEIGHT} y2={HEIGHT} />
        {bars.map(({ start, bar }, index) => (
          <Column key={start} bar={bar} x={index * STEP} scale={HEIGHT / top} />
        ))}
      </svg>
      <figcaption>
        <span class="legend">
          {sums.map(({ fate, sum }) => (
            <span key={fate} class={`legend-item tone-${TONES[fate]}`}>
              <b>{sum}</b> {NAMES[fate]}
            </span>
          ))}
        </span>
        <span class="muted">last {span}</span>
      </figcaption>
    </figure>
  );
}

function Column({ bar, x, scale }: { readonly bar: Bar; readonly x: number; readonly scale: number }) {
  let y = HEIGHT;
  return (
    <g>
      {FATES.map((fate) => {
        const height = bar[fate] * scale;
        y -= height;
        return height === 0 ? null : <rect key={fate} class={`fill-${TONES[fate]}`} x={x + 1} y={y} width={STEP - 2} height={height} />;
      })}
    </g>
  );
}

function total(bar: Bar): number {
  return FATES.reduce((sum, fate) => sum + bar[fate], 0);
}

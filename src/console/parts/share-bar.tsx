/** One thing made of parts, each as wide as its share. */
export interface Share {
  /** A class: `good`, `wait`, `bad`, `plain`. */
  readonly tone: string;
  readonly value: number;
}

/** @param max what stands for the whole width; left out: the sum. The words beside it tell the figures. */
export function ShareBar({ shares, max }: { readonly shares: readonly Share[]; readonly max?: number }) {
  const whole = Math.max(
    max ?? 0,
    shares.reduce((sum, { value }) => sum + value, 0),
  );
  let from = 0;
  return (
    <svg class="share-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="share-rest" width="100" height="4" />
      {shares.map(({ tone, value }) => {
        const x = from;
        const width = whole === 0 ? 0 : (value / whole) * 100;
        from += width;
        return <rect key={tone} class={`fill-${tone}`} x={x} width={width} height="4" />;
      })}
    </svg>
  );
}

import type { ComponentChildren } from 'preact';
import type { BudgetFigures } from '../../limit/budget/budget.ts';
import type { Contributor } from '../../limit/caps/cap-usage-statistics.ts';
import type { CapFigures, QueueFigures, RedisFigures } from '../../overview/figures.ts';
import type { Overview } from '../../overview/overview.ts';
import type { ProviderHealth } from '../../overview/provider-health.ts';
import { amountWords, circuitWords, memoryWords, queueWords, requestWords } from '../figure-words.ts';
import { spanOf } from '../relative-time.ts';

/** The state of providers, queues, workers, caps, budgets and Redis. */
export function Figures({ overview }: { readonly overview: Overview }) {
  const { workers, inFlight, queues, providers, caps, budgets, contributors, redis } = overview;
  return (
    <>
      <Card title="Providers" aside="last 5 min">
        {providers.map((provider) => (
          <Provider key={provider.provider} provider={provider} />
        ))}
      </Card>
      <Card title="Queues" aside={`${inFlight} in flight`}>
        {queues.map((queue) => (
          <Queue key={queue.queue} queue={queue} />
        ))}
        {workers !== null && (
          <Row name="Workers">
            {counted(workers.routers, 'router')}, {counted(workers.dispatchers, 'dispatcher')}
          </Row>
        )}
      </Card>
      <Card title="Limits">
        {caps.map((cap) => (
          <Cap key={cap.cap} cap={cap} />
        ))}
        {budgets.map((budget) => (
          <Budget key={budget.period} figures={budget} />
        ))}
        {caps.length === 0 && budgets.length === 0 && <p class="muted">No cap over all phones and no budget is configured.</p>}
      </Card>
      <Card title="Top senders" aside="last hour">
        <ContributorRows rows={contributors.accepted} />
        {contributors.heldBack.length > 0 && <p class="sub">Held back by a cap or a budget</p>}
        <ContributorRows rows={contributors.heldBack} />
        {contributors.accepted.length + contributors.heldBack.length === 0 && <p class="muted">No message was sent or held back.</p>}
      </Card>
      <Card title="Redis" {...(redis === null ? {} : { aside: `version ${redis.version}` })}>
        {redis === null ? <p class="muted">It reports no figures.</p> : <Redis redis={redis} />}
      </Card>
    </>
  );
}

function ContributorRows({ rows }: { readonly rows: readonly (Contributor & { readonly count: number; readonly reason?: string })[] }) {
  return (
    <>
      {rows.map(({ source, route, contact, count, reason }) => (
        <Row key={`${source} ${route} ${contact} ${reason}`} name={source ?? 'no source'} tone={reason === undefined ? 'plain' : 'wait'}>
          {count}{' '}
          <span class="sub">
            route {route}
            {contact !== null && <>, to {contact}</>}
            {reason !== undefined && <>, {reason}</>}
          </span>
        </Row>
      ))}
    </>
  );
}

function Card({ title, aside, children }: { readonly title: string; readonly aside?: string; readonly children: ComponentChildren }) {
  return (
    <section class="card">
      <h2>
        {title} {aside !== undefined && <small>{aside}</small>}
      </h2>
      {children}
    </section>
  );
}

function Row({ name, children, tone = 'plain' }: { readonly name: string; readonly children: ComponentChildren; readonly tone?: string }) {
  return (
    <div class={`row tone-${tone}`}>
      <span class="row-name">{name}</span>
      <span class="row-value">{children}</span>
    </div>
  );
}

function Queue({ queue }: { readonly queue: QueueFigures }) {
  const { text, age, tone } = queueWords(queue);
  return (
    <Row name={queue.queue} tone={tone}>
      {text}
      {age !== undefined && <span class="sub"> oldest {age}</span>}
    </Row>
  );
}

function Provider({ provider }: { readonly provider: ProviderHealth }) {
  const { accepted, refused, unknown, lastReason } = provider;
  const { text, tone } = circuitWords(provider);
  return (
    <div class="block">
      <div class="row">
        <span class="row-name">
          {provider.provider} <span class="sub">{provider.type}</span>
        </span>
        <span class={`pill tone-${tone}`}>{text}</span>
      </div>
      <ShareBar
        shares={[
          { tone: 'good', value: accepted },
          { tone: 'wait', value: refused },
          { tone: 'bad', value: unknown },
        ]}
      />
      <p class="sub">
        {requestWords(provider)}
        {lastReason !== null && <>, last because of {lastReason}</>}
      </p>
    </div>
  );
}

function Cap({ cap: { used, max, criticalReserve } }: { readonly cap: CapFigures }) {
  const tone = used >= max ? 'bad' : used >= max - criticalReserve ? 'wait' : 'good';
  return (
    <div class="block">
      <Row name="Messages per hour" tone={tone}>
        {used} of {max}
      </Row>
      <ShareBar shares={[{ tone, value: used }]} max={max} />
      {criticalReserve > 0 && <p class="sub">the last {criticalReserve} for criticals only</p>}
    </div>
  );
}

function Budget({ figures: { period, spent, reserved, budget } }: { readonly figures: BudgetFigures }) {
  if (budget === undefined) return null;
  const used = spent + reserved;
  const tone = used >= budget.hard ? 'bad' : used >= budget.soft ? 'wait' : 'good';
  return (
    <div class="block">
      <Row name={`Budget of the ${period}`} tone={tone}>
        {amountWords(used)} of {amountWords(budget.hard)}
      </Row>
      <ShareBar shares={[{ tone, value: used }]} max={budget.hard} />
      {budget.soft < budget.hard && <p class="sub">from {amountWords(budget.soft)} on for criticals only</p>}
    </div>
  );
}

function Redis({ redis }: { readonly redis: RedisFigures }) {
  const { appendOnly, lastWriteOk, maxMemoryPolicy, evictedKeys, uptimeSeconds } = redis;
  const disk = !lastWriteOk ? 'cannot write' : appendOnly ? 'append-only file on' : 'no append-only file';
  return (
    <>
      <Row name="Memory">{memoryWords(redis)}</Row>
      <Row name="Disk" tone={!lastWriteOk ? 'bad' : appendOnly ? 'plain' : 'wait'}>
        {disk}
      </Row>
      <Row name="When full" tone={evictedKeys > 0 ? 'bad' : 'plain'}>
        {evictedKeys > 0 ? `${evictedKeys} keys evicted` : maxMemoryPolicy}
      </Row>
      <Row name="Up for">{spanOf(uptimeSeconds)}</Row>
    </>
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A bar of parts, each as wide as its share. */
interface Share {
  /** A class: `good`, `wait`, `bad`, `plain`. */
  readonly tone: string;
  readonly value: number;
}

/** @param max value of the full width; default: the sum. The text beside the bar has the figures. */
function ShareBar({ shares, max }: { readonly shares: readonly Share[]; readonly max?: number }) {
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

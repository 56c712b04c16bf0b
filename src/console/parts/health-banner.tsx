import { type FindingKind, todoOf } from '../../overview/finding.ts';
import { judgeHealth } from '../../overview/judge-health.ts';
import type { Overview } from '../../overview/overview.ts';
import type { Fault } from '../fault.ts';
import { hrefOf } from '../route.ts';
import { Words } from './note.tsx';

export interface HealthBannerProps {
  readonly overview: Overview | undefined;
  readonly fault: Fault | undefined;
  /** Hides the remedy where another view is shown. */
  readonly isBrief: boolean;
}

/** Health banner: the state of the system, with findings and remedies. */
export function HealthBanner({ overview, fault, isBrief }: HealthBannerProps) {
  if (fault !== undefined) return <Banner level="critical" line={fault.message} todo={fault.todo} />;
  if (overview === undefined) return <Banner level="loading" line="Loading…" todo={null} />;
  const { level, line, todo, findings } = judgeHealth(overview);
  if (isBrief) return <Banner level={level} line={line} todo={null} />;
  const [first, ...rest] = findings;
  return (
    <Banner level={level} line={first?.text ?? line} todo={todo} kind={first?.kind}>
      {rest.length > 0 && (
        <details>
          <summary>{rest.length === 1 ? '1 more finding' : `${rest.length} more findings`}</summary>
          <ul>
            {rest.map((finding) => (
              <li key={finding.text}>
                <b>{finding.text}</b> <Words text={todoOf(finding)} /> <Where kind={finding.kind} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Banner>
  );
}

interface BannerProps {
  readonly level: string;
  readonly line: string;
  readonly todo: string | null;
  readonly kind?: FindingKind | undefined;
  readonly children?: preact.ComponentChildren;
}

const MARKS: Readonly<Record<string, string>> = {
  ok: 'M3.5 8.5l3 3 6-7',
  warning: 'M8 3.5v5.5M8 11.5v1.2',
  critical: 'M4 4l8 8M12 4l-8 8',
};

function Banner({ level, line, todo, kind, children }: BannerProps) {
  return (
    <section class={`banner banner-${level}`} aria-label="System health">
      <svg class="banner-mark" viewBox="0 0 16 16" aria-hidden="true">
        <path d={MARKS[level] ?? 'M4 8h8'} />
      </svg>
      <div>
        <div role="status">
          <p class="banner-line">
            <Words text={line} />
          </p>
          {todo !== null && (
            <p class="banner-todo">
              <Words text={todo} /> <Where kind={kind} />
            </p>
          )}
        </div>
        {children}
      </div>
    </section>
  );
}

/** Views of this page for handling kinds of findings. */
const VIEWS: Readonly<Partial<Record<FindingKind, 'unknown' | 'dead'>>> = {
  unknown_outcomes: 'unknown',
  dead_letters: 'dead',
  criticals_missed: 'dead',
};

function Where({ kind }: { readonly kind: FindingKind | undefined }) {
  const view = kind && VIEWS[kind];
  return view === undefined ? null : <a href={hrefOf({ view })}>Do it here</a>;
}

import { hrefOf, type Route } from '../route.ts';

interface Tab {
  readonly route: Route;
  readonly label: string;
  readonly count?: number | undefined;
  /** SVG path of a 20 × 20 icon. */
  readonly path: string;
}

const ICONS = {
  now: 'M3 11h3l2.5-6 3 11 2.5-5h3',
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4',
  dead: 'M3 5.5h14v9.5H3zM3 6l7 5 7-5M7.5 12.5l5 0',
  unknown: 'M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1-1.5 2.4M10 15.6v.4',
  replies: 'M3 4h14v9H9l-4 3.5V13H3zM6.5 7.5h7M6.5 10h4',
  send: 'M6 2.5h8a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1zM9 15h2',
};

export interface TopBarProps {
  readonly route: Route;
  readonly dead: number | undefined;
  readonly unknown: number | undefined;
  readonly hasPhone: boolean;
  readonly boardPath: string | undefined;
  /** `undefined` where no login is needed. */
  readonly onLogOut: (() => void) | undefined;
}

export function TopBar({ route, dead, unknown, hasPhone, boardPath, onLogOut }: TopBarProps) {
  const tabs: readonly Tab[] = [
    { route: { view: 'now' }, label: 'Now', path: ICONS.now },
    { route: { view: 'search', query: '' }, label: 'Search', path: ICONS.search },
    { route: { view: 'dead' }, label: 'Dead', count: dead, path: ICONS.dead },
    { route: { view: 'unknown' }, label: 'Unknown', count: unknown, path: ICONS.unknown },
    { route: { view: 'replies' }, label: 'Replies', path: ICONS.replies },
    { route: { view: 'send' }, label: hasPhone ? 'Phone' : 'Send', path: ICONS.send },
  ];
  return (
    <header class="top">
      <a class="brand" href="#/now">
        sms-dispatch
      </a>
      <nav aria-label="Views">
        {tabs.map(({ route: target, label, count = 0, path }) => (
          <a key={label} href={hrefOf(target)} aria-current={target.view === route.view ? 'page' : undefined}>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d={path} />
            </svg>
            <span>{label}</span>
            {count > 0 && (
              <span class="badge">
                {count}
                <span class="hidden"> waiting</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <div class="top-end">
        {boardPath !== undefined && (
          <a class="button quiet" href={boardPath}>
            Queues
          </a>
        )}
        {onLogOut !== undefined && (
          <button type="button" class="quiet" onClick={onLogOut}>
            Log out
          </button>
        )}
      </div>
    </header>
  );
}

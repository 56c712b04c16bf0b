import { useEffect, useState } from 'preact/hooks';
import type { ConsoleApi } from '../http/console/api.ts';
import { HealthBanner } from './parts/health-banner.tsx';
import { TopBar } from './parts/top-bar.tsx';
import { parseRoute, type Route } from './route.ts';
import { useAsked } from './use-asked.ts';
import { type Live, useLive } from './use-live.ts';
import { DeadView } from './views/dead-view.tsx';
import { NowView } from './views/now-view.tsx';
import { RepliesView } from './views/replies-view.tsx';
import { SearchView } from './views/search-view.tsx';
import { SendView } from './views/send-view.tsx';
import { StoryView } from './views/story-view.tsx';
import { UnknownView } from './views/unknown-view.tsx';

const EVERY_MS = 2_000;

/** The views for a logged-in user. */
export function House({ onLogOut }: { readonly onLogOut: (() => void) | undefined }) {
  const { data: overview, fault } = useAsked<'overview'>('overview', EVERY_MS);
  const stream = useLive();
  // The stream stays open during an outage of Redis, but sends nothing.
  const live = { ...stream, isLost: stream.isLost || fault !== undefined };
  const route = useRoute();
  return (
    <>
      <TopBar
        route={route}
        dead={overview?.dead}
        unknown={overview?.unknown}
        hasPhone={overview?.names.hasOutbox ?? false}
        boardPath={overview?.names.boardPath}
        onLogOut={onLogOut}
      />
      <main id="main" tabIndex={-1}>
        <HealthBanner overview={overview} fault={fault} isBrief={route.view !== 'now'} />
        <View route={route} live={live} overview={overview} />
      </main>
    </>
  );
}

interface ViewProps {
  readonly route: Route;
  readonly live: Live;
  readonly overview: ConsoleApi['overview'] | undefined;
}

function View({ route, live, overview }: ViewProps) {
  switch (route.view) {
    case 'now':
      return <NowView live={live} overview={overview} />;
    case 'search':
      return <SearchView query={route.query} />;
    case 'story':
      return <StoryView key={route.id} id={route.id} />;
    case 'dead':
      return <DeadView />;
    case 'unknown':
      return <UnknownView />;
    case 'replies':
      return <RepliesView />;
    case 'send':
      return <SendView overview={overview} />;
  }
}

function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => {
      setHash(location.hash);
      // Scrolls to the top and moves the focus there, like a new page.
      window.scrollTo(0, 0);
      document.getElementById('main')?.focus({ preventScroll: true });
    };
    window.addEventListener('hashchange', onChange);
    return () => window.removeEventListener('hashchange', onChange);
  }, []);
  return parseRoute(hash);
}

import { render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ConsoleApi } from '../http/console/api.ts';
import { asFault, ask, logOut, SHUT } from './ask.ts';
import type { Fault } from './fault.ts';
import { House } from './house.tsx';
import { ClockProvider } from './parts/clock.tsx';
import { FaultNote, Loading } from './parts/note.tsx';
import { LoginView } from './views/login-view.tsx';

/** Interval for retrying an unreachable server. */
const AGAIN_MS = 3_000;

/** The page: login, or the views for a logged-in user. */
function App() {
  const [session, setSession] = useState<ConsoleApi['session'] | undefined>();
  const [fault, setFault] = useState<Fault | undefined>();
  const knock = useCallback(() => {
    ask<'session'>('session').then(
      (found) => {
        setSession(found);
        setFault(undefined);
      },
      (error: unknown) => setFault(asFault(error)),
    );
  }, []);
  useEffect(() => {
    if (fault === undefined) return;
    const timer = setTimeout(knock, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [fault, knock]);
  useEffect(() => {
    knock();
    window.addEventListener(SHUT, knock);
    return () => window.removeEventListener(SHUT, knock);
  }, [knock]);

  if (fault !== undefined) return <Outside>{<FaultNote fault={fault} again={knock} />}</Outside>;
  if (session === undefined) return <Outside>{<Loading />}</Outside>;
  if (!session.open) return <LoginView onOpen={knock} />;
  return <House onLogOut={session.needsToken ? () => void logOut().then(knock, knock) : undefined} />;
}

function Outside({ children }: { readonly children: preact.ComponentChildren }) {
  return (
    <main class="login">
      <div class="card">{children}</div>
    </main>
  );
}

render(
  <ClockProvider>
    <App />
  </ClockProvider>,
  document.getElementById('app') as HTMLElement,
);

import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { relativeTime } from '../relative-time.ts';

const Now = createContext(0);

/** One clock for the whole page, which keeps relative times current. */
export function ClockProvider({ children }: { readonly children: ComponentChildren }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <Now.Provider value={now}>{children}</Now.Provider>;
}

/** ms. */
export function useNow(): number {
  return useContext(Now);
}

/** Shows `5 min ago`, with the full time on hover. `at` is ISO 8601. */
export function Ago({ at }: { readonly at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={absolute(at)}>
      {relativeTime(Date.parse(at), now)}
    </time>
  );
}

/** Shows `08:41:07` in UTC, with the full time on hover. */
export function TimeOfDay({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={absolute(at)}>
      {new Date(at).toISOString().slice(11, 19)}
    </time>
  );
}

function absolute(at: string): string {
  return `${new Date(at).toLocaleString()} (${at})`;
}

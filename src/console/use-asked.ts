import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleApi } from '../http/console/api.ts';
import { asFault, ask } from './ask.ts';
import type { Fault } from './fault.ts';

export interface Asked<T> {
  /** Last successful answer; kept while later calls fail. */
  readonly data: T | undefined;
  /** Error of the last call. */
  readonly fault: Fault | undefined;
  readonly again: () => void;
}

/**
 * Calls the server immediately, and again `everyMs` after each answer while the page is visible.
 * @param path `undefined`: no call
 */
export function useAsked<K extends keyof ConsoleApi>(path: string | undefined, everyMs: number): Asked<ConsoleApi[K]> {
  const [state, setState] = useState<{ path?: string | undefined; data?: ConsoleApi[K] | undefined; fault?: Fault | undefined }>({});
  const kick = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (path === undefined) return;
    let turn = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      clearTimeout(timer);
      const own = ++turn;
      const next = await ask<K>(path).then(
        (data) => () => ({ path, data, fault: undefined }),
        (error: unknown) => (before: typeof state) => ({
          path,
          data: before.path === path ? before.data : undefined,
          fault: asFault(error),
        }),
      );
      if (own !== turn) return;
      setState(next);
      timer = setTimeout(() => void (document.hidden || run()), everyMs);
    };
    const onShow = () => void (document.hidden || run());
    kick.current = () => void run();
    document.addEventListener('visibilitychange', onShow);
    void run();
    return () => {
      turn = -1;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onShow);
    };
  }, [path, everyMs]);

  const isOwn = state.path === path;
  return { data: isOwn ? state.data : undefined, fault: isOwn ? state.fault : undefined, again: useCallback(() => kick.current(), []) };
}

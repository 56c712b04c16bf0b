import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleApi } from '../http/console/api.ts';
import { asFault, ask } from './ask.ts';
import type { Fault } from './fault.ts';

export interface Asked<T> {
  /** The last answer, kept while a later call fails. */
  readonly data: T | undefined;
  /** Of the last call. */
  readonly fault: Fault | undefined;
  readonly again: () => void;
}

/**
 * Asks at once, and again and again while the page is looked at: `everyMs` after an answer.
 * @param path `undefined`: there is nothing to ask for
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

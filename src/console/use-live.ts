import { useEffect, useReducer, useState } from 'preact/hooks';
import type { ShownEntry } from '../http/console/api.ts';
import { API, ask } from './ask.ts';
import { BAR_MS, BARS, EMPTY, type Flow, takeIn } from './flow.ts';

export interface Live {
  readonly flow: Flow;
  /** Number of recent entries that were not shown because there were too many. */
  readonly skipped: number;
  /** Time in ms before which entries were not loaded because there were too many; 0: all were loaded. */
  readonly fetchedFrom: number;
  /** True until the first entries are loaded. */
  readonly isLoading: boolean;
  readonly isLost: boolean;
}

const FIRST = 200;
const AGAIN_MS = 3_000;
/** Minimum interval between redraws. */
const GATHER_MS = 200;
/** Time for which skipped entries are mentioned: as long as the graph covers them. */
const LATELY_MS = BARS * BAR_MS;

/** Follows the live entries. Entries missed during a lost connection are loaded when it is back. */
export function useLive(): Live {
  const [flow, add] = useReducer(takeIn, EMPTY);
  const [state, setState] = useState<'loading' | 'open' | 'lost'>('loading');

  const [skipped, setSkipped] = useState(0);
  const [fetchedFrom, setFetchedFrom] = useState<number | undefined>();

  useEffect(() => {
    let quiet: ReturnType<typeof setTimeout> | undefined;
    let source: EventSource | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let gathered: ShownEntry[] = [];
    const flush = () => {
      gathering = undefined;
      add(gathered);
      gathered = [];
    };
    const open = () => {
      source = new EventSource(`${API}live`);
      source.onopen = async () => {
        const { entries } = await ask<'recent'>(`recent?limit=${FIRST}`).catch(() => ({ entries: [] }));
        const oldest = entries.length < FIRST ? undefined : entries.at(-1);
        setFetchedFrom((before) => before ?? (oldest === undefined ? 0 : Date.parse(oldest.at)));
        add(entries);
        setState('open');
      };
      source.onmessage = ({ data }) => {
        gathered.push(JSON.parse(data) as ShownEntry);
        gathering ??= setTimeout(flush, GATHER_MS);
      };
      source.addEventListener('skipped', ({ data }: MessageEvent<string>) => {
        const { skipped: more } = JSON.parse(data) as { skipped: number };
        setSkipped((before) => before + more);
        clearTimeout(quiet);
        quiet = setTimeout(() => setSkipped(0), LATELY_MS);
      });
      source.onerror = () => {
        setState('lost');
        // The browser reconnects by itself, but not after a response that is not a stream.
        if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, AGAIN_MS);
      };
    };
    open();
    return () => {
      source?.close();
      clearTimeout(retry);
      clearTimeout(gathering);
      clearTimeout(quiet);
    };
  }, []);

  return { flow, skipped, fetchedFrom: fetchedFrom ?? 0, isLoading: state === 'loading', isLost: state === 'lost' };
}

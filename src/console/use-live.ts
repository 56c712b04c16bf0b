import { useEffect, useReducer, useState } from 'preact/hooks';
import type { ShownEntry } from '../http/console/api.ts';
import { API, ask } from './ask.ts';
import { BAR_MS, BARS, EMPTY, type Flow, takeIn } from './flow.ts';

export interface Live {
  readonly flow: Flow;
  /** Happened lately without being shown, because too much did. */
  readonly skipped: number;
  /** In ms: what had happened before was too much to be fetched when the page came; 0: nothing was left out. */
  readonly fetchedFrom: number;
  /** The first entries are not here yet. */
  readonly isLoading: boolean;
  readonly isLost: boolean;
}

const FIRST = 200;
const AGAIN_MS = 3_000;
/** At most this often is the page drawn anew, however much happens. */
const GATHER_MS = 200;
/** So long is what was skipped spoken of: while its place in the graph is seen. */
const LATELY_MS = BARS * BAR_MS;

/** Follows what happens. What was missed while the connection was lost is fetched when it is back. */
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
        // The browser tries again by itself, but not after an answer that was no stream.
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

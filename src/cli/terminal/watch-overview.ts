import { setTimeout as pause } from 'node:timers/promises';
import type { Overview } from '../../overview/overview.ts';
import { asUnavailable, RedisUnavailableError } from '../../redis/unavailable.ts';
import { clipToWidth } from '../../text/display-width.ts';
import type { OpenOverview } from '../cli-deps.ts';
import { formatOverview, type OverviewFormat } from '../format/format-overview.ts';
import { createPaint } from './printable-text.ts';
import type { Screen } from './terminal-screen.ts';

export interface WatchOptions extends Omit<OverviewFormat, 'width'> {
  readonly screen: Screen;
  /** Called again after each failed read: Redis may answer at another address by then. @throws RedisUnavailableError */
  open(): Promise<OpenOverview>;
  readonly everyMs?: number;
}

/** Redraws the overview until the user leaves. Shows an outage of Redis, and reconnects. */
export async function watchOverview({ screen, open, everyMs = 1000, ...format }: WatchOptions): Promise<void> {
  const paint = createPaint(format.colour);
  let opened: OpenOverview | undefined;
  let shown: Overview | undefined;
  let fault: string | undefined;
  const draw = () => {
    const width = screen.columns;
    const body = shown === undefined ? '' : formatOverview(shown, { ...format, width });
    const note =
      fault === undefined
        ? ''
        : `${paint.red(clipToWidth(fault, width))}\n${shown === undefined ? '' : `${paint.dim('The figures below are outdated.')}\n`}\n`;
    const lines = `${note}${body}`
      .trimEnd()
      .split('\n')
      .slice(0, Math.max(1, screen.rows - 2));
    screen.show([...lines, '', paint.dim('q: quit')].join('\n'));
  };
  const look = async (): Promise<void> => {
    try {
      opened ??= await open();
      shown = await opened.read();
      fault = undefined;
    } catch (error) {
      const away = asUnavailable(error);
      if (!(away instanceof RedisUnavailableError)) throw error;
      fault = `✗ ${away.message}; retrying`;
      await opened?.close().catch(() => undefined);
      opened = undefined;
    }
  };
  screen.onResize(draw);
  const left = new Promise<void>((resolve) => screen.left.addEventListener('abort', () => resolve(), { once: true }));
  draw();
  try {
    while (!screen.left.aborted) {
      await Promise.race([look(), left]);
      if (screen.left.aborted) break;
      draw();
      await pause(everyMs, undefined, { signal: screen.left }).catch(() => undefined);
    }
  } finally {
    screen.close();
    await Promise.race([opened?.close(), pause(LAST_WORDS_MS, undefined, { ref: false })]).catch(() => undefined);
  }
}

/** Limit for closing: a connection to an unreachable Redis does not close by itself. */
const LAST_WORDS_MS = 200;

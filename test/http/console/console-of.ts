import type { ConsoleDeps } from '../../../src/http/console/console-deps.ts';

const refuse = () => Promise.reject(new Error('nobody asks for it here'));

/** A console over nothing, for the door and the page. */
export function consoleOf(given: Partial<ConsoleDeps> = {}): ConsoleDeps {
  return {
    readOverview: refuse,
    journal: { newest: async () => [], since: async () => [], head: async () => undefined, written: async () => undefined },
    dead: { list: refuse, find: refuse, replay: refuse, discard: refuse },
    desk: { list: refuse, resolve: refuse },
    onSettled: () => undefined,
    recipients: [],
    board: { pages: ['/'], html: '', reads: [], files: new Map() },
    now: () => new Date(),
    version: '0',
    ...given,
  };
}

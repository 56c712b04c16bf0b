import { type Console, createConsole } from '../../../src/http/console/console.ts';
import type { ConsoleDeps } from '../../../src/http/console/console-deps.ts';
import { createLogger } from '../../../src/logger.ts';
import { http } from '../test-server.ts';

const refuse = () => Promise.reject(new Error('nobody asks for it here'));

/** A console over nothing, for the server and the page. */
export function consoleOf(given: Partial<ConsoleDeps> = {}): Console {
  const deps = {
    readOverview: refuse,
    capFilling: async () => undefined,
    journal: { newest: async () => [], since: async () => [], head: async () => undefined, written: async () => undefined },
    dead: { list: refuse, find: refuse, replay: refuse, discard: refuse },
    resolver: { list: refuse, resolve: refuse },
    inbound: { newest: refuse },
    onSettled: () => undefined,
    recipients: [],
    board: { pages: ['/'], html: '', reads: [], files: new Map() },
    now: () => new Date(),
    version: '0',
    ...given,
  };
  return createConsole(deps, { http, logger: createLogger('silent') });
}

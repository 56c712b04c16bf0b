import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHttpApp } from './http-app.ts';
import type { HttpServerDeps } from './http-deps.ts';

/** What answers requests by one set of deps, and keeps count of those that it has not answered yet. */
export interface Answerer {
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when no request is left, or after the time at most, ms. */
  idle(withinMs: number): Promise<void>;
  /** From now on each answer is the last one of its connection. */
  close(): Promise<void>;
}

export async function createAnswerer(deps: HttpServerDeps): Promise<Answerer> {
  const { app, endStreams } = createHttpApp(deps);
  await app.ready();
  let unanswered = 0;
  let onIdle: () => void = () => undefined;

  return {
    answer(request, response) {
      unanswered += 1;
      response.once('close', () => {
        unanswered -= 1;
        if (unanswered === 0) onIdle();
      });
      app.routing(request, response);
    },
    async idle(withinMs) {
      endStreams();
      if (unanswered === 0) return;
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, withinMs);
        onIdle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    },
    close: () => app.close(),
  };
}

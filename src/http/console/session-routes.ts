import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { HttpProblem } from '../server/problem.ts';
import type { ConsoleApi } from './api.ts';
import type { ConsoleDoor } from './door.ts';

const loginSchema = z.strictObject({ token: z.string().min(1).max(4096) });

/** In and out, and how the door stands. */
export function sessionRoutes(app: FastifyInstance, door: ConsoleDoor, version: string): void {
  app.get('/console/api/session', async (request): Promise<ConsoleApi['session']> => {
    return { open: door.isOpen(request), needsToken: door.needsToken, version };
  });
  app.post('/console/session', async (request, reply) => {
    const parsed = loginSchema.safeParse(request.body);
    if (!parsed.success) throw new HttpProblem('invalid-request', { detail: 'Send { "token": "<one of http.tokens>" }.' });
    await door.begin(parsed.data.token.trim(), request, reply);
    return reply.code(204).send();
  });
  app.delete('/console/session', async (request, reply) => {
    door.end(request, reply);
    return reply.code(204).send();
  });
}

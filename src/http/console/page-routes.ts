import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pageDir, sendFile } from './files.ts';

/** Scripts, styles and answers from here alone, and nobody frames it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const FILES = {
  '/console': 'index.html',
  '/console/': 'index.html',
  '/console/app.js': 'app.js',
  '/console/app.css': 'app.css',
} as const;

/** The page itself, which holds nothing that is anybody's. */
export function pageRoutes(app: FastifyInstance, dir = pageDir()): void {
  for (const [url, file] of Object.entries(FILES)) {
    app.get(url, async (request, reply) => {
      reply.headers({ 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' });
      return sendFile(request, reply, join(dir, file), `The console's page is not built: ${file} is missing. Run npm run build.`);
    });
  }
}

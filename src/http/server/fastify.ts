import { createRequire } from 'node:module';

/** Required, not imported: it is CommonJS, and to import its names Node would parse every file of it a second time, to find them. */
export const { fastify } = createRequire(import.meta.url)('fastify') as typeof import('fastify');

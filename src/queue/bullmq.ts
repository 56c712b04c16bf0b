import { createRequire } from 'node:module';

/** Required, not imported: it is CommonJS, and to import its names Node would parse every file of it a second time, to find them. */
export const bullmq = createRequire(import.meta.url)('bullmq') as typeof import('bullmq');

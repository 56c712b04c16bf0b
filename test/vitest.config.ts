import { defineConfig } from 'vitest/config';

/** Files that look at what a process has loaded, that change what a whole process shares, or that must not feel each other; the others share what their worker has. */
const ALONE = [
  'test/{chaos,house,tracing}/**/*.test.ts',
  'test/e2e/tracing*.test.ts',
  'test/e2e/{clocks,token-revoked}.test.ts',
  'test/**/lazy-loading.test.ts',
];

const root = new URL('..', import.meta.url).pathname;
const shared = { root, testTimeout: 240_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    root,
    globalSetup: ['test/support/global-setup.ts'],
    // Many wait for processes of their own most of the time: four fill two cores, more make the timing of those processes uneven.
    maxWorkers: 4,
    projects: [
      { test: { ...shared, name: 'alone', include: ALONE } },
      { test: { ...shared, name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false } },
    ],
  },
});

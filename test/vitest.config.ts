import { defineConfig } from 'vitest/config';

/** Files that start processes or servers of their own, or look at what a process has loaded; the others share what their worker has. */
const SYSTEMS = ['test/{e2e,chaos,redis,house}/**/*.test.ts', 'test/**/lazy-loading.test.ts'];

const root = new URL('..', import.meta.url).pathname;
const shared = { root, testTimeout: 20_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    root,
    globalSetup: ['test/support/global-setup.ts'],
    // Many wait for processes of their own most of the time: four fill two cores, more make the timing of those processes uneven.
    maxWorkers: 4,
    projects: [
      { test: { ...shared, name: 'systems', include: SYSTEMS } },
      { test: { ...shared, name: 'rooms', include: ['test/**/*.test.ts'], exclude: SYSTEMS, isolate: false } },
    ],
  },
});

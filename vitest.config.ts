import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  resolve: {
    // Tests read the sources of sibling packages, so that a stale build cannot pass or fail them. Programs that a
    // test starts as processes are the built ones.
    alias: [
      { find: /^@bothends\/(proto|agent|coordinator|cli)$/, replacement: `${root}$1/src/index.ts` },
      { find: /^@bothends\/(proto|agent|coordinator|cli)\/(.+)$/, replacement: `${root}$1/src/$2.ts` },
      { find: /^#lab\/(.+)$/, replacement: `${root}test/lab/$1.ts` },
    ],
  },
  test: {
    include: ['{proto,agent,coordinator,cli}/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Separate processes: native add-ons and process-wide state of one file must not touch another.
    pool: 'forks',
    // The smallest machine that we promise to test on has two cores.
    maxWorkers: 2,
    // A process start takes up to a second on a loaded small machine; a lab test starts several.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', `${root}test/report/summary.ts`],
  },
});

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
    // No test asks how fast something is; these only end one that hangs. A process start takes up to a second on a
    // loaded small machine, ten on one that stalls, and a lab test starts several.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // What another thread or process has to note first: it is waited for, however long a busy machine takes.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', `${root}test/report/summary.ts`],
  },
});

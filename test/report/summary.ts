import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import { labAvailable, labExpected } from '../lab/available.js';

/**
 * Ends a run with what was skipped and why, what passed only when it was run again, and one line that people and CI read: `N passed, N failed`. A run in
 * which lab tests were skipped on a machine that allows labs has failed.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that does not load has no tests to fail.
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const problems = labProblems(tests);
    for (const line of [...skippedLines(tests), ...retriedLines(tests)]) console.log(line);
    for (const problem of problems) console.log(`FAILED: ${problem}`);
    const failed = count('failed') + broken + unhandledErrors.length + problems.length;
    if (failed > 0) process.exitCode = 1;
    console.log(`${count('passed')} passed, ${failed} failed`);
  }
}

/** One line for each suite or test that does not run here; those that a filter left out say no reason and get none. */
function skippedLines(tests: readonly TestCase[]): string[] {
  const lines = tests
    .filter((test) => test.result().state === 'skipped')
    .flatMap((test) => {
      const suite = suitesOf(test).find((each) => each.meta().skipReason !== undefined);
      const note = test.result().state === 'skipped' ? noteOf(test) : undefined;
      if (suite) return [`SKIPPED: ${suite.fullName}: ${suite.meta().skipReason}`];
      return note ? [`SKIPPED: ${test.fullName}: ${note}`] : [];
    });
  return [...new Set(lines)];
}

/** One line for each test that failed at first: it is not to be forgotten because it passed in the end. */
function retriedLines(tests: readonly TestCase[]): string[] {
  return tests
    .filter((test) => test.result().state === 'passed' && test.diagnostic()?.flaky)
    .map((test) => `RETRIED: ${test.fullName}: ${test.result().errors?.[0]?.message.split('\n')[0]}`);
}

function labProblems(tests: readonly TestCase[]): string[] {
  const skipped = tests.some((test) =>
    suitesOf(test).some((suite) => suite.meta().lab && suite.meta().skipReason),
  );
  return skipped && labExpected()
    ? [`the lab could run on this machine but did not: ${labAvailable().why}`]
    : [];
}

function suitesOf(test: TestCase): TestSuite[] {
  const suites: TestSuite[] = [];
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) suites.push(parent);
  return suites;
}

function noteOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}

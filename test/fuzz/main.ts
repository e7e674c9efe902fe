/**
 * `npm run fuzz -- [--minutes N | --cases N] [--seed S]`: damaged and impossible input for everything that reads any,
 * until the time or the cases are used up. What fails is kept in test/fuzz/corpus, where `npm test` finds it. Exit status
 * 1 when anything failed.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { BothendsError, toBothendsError } from '@bothends/proto';
import { makeCase, targetOf } from './cases.js';
import { saveInput } from './corpus.js';
import { type Failure, runCases } from './runner.js';

const MS_PER_MINUTE = 60_000;
const DEFAULT_MINUTES = 1;
/** One fault shows in many cases: enough is enough. */
const MOST_FAILURES = 20;
/** Lines of an error that say where it comes from; the rest is how the worker was started. */
const STACK_LINES = 6;

async function main(argv: readonly string[]): Promise<number> {
  const { minutes, cases, seed } = parse(argv);
  process.stdout.write(`seed ${seed}\n`);
  let failures = 0;
  const failed = ({ index, reason }: Failure) => {
    failures++;
    const target = targetOf(index);
    const folder = saveInput(target, `${seed}-${index}`, makeCase(seed, index));
    const why = reason.split('\n').slice(0, STACK_LINES).join('\n');
    process.stdout.write(`${target.name} case ${index}: ${why}\n  kept in ${folder}\n`);
  };
  const endMs = Date.now() + minutes * MS_PER_MINUTE;
  const untilMs = () => (failures < MOST_FAILURES ? endMs : 0);
  const count = await runCases({ seed, cases, untilMs, now: Date.now, failed });
  process.stdout.write(`${count} cases, ${failures} failed\n`);
  return failures > 0 ? 1 : 0;
}

function parse(argv: readonly string[]): { minutes: number; cases: number; seed: number } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...argv], options: { minutes: text, cases: text, seed: text } });
  const cases = number('--cases', values.cases, Number.POSITIVE_INFINITY);
  const otherwise = values.cases === undefined ? DEFAULT_MINUTES : Number.POSITIVE_INFINITY;
  return {
    cases,
    minutes: number('--minutes', values.minutes, otherwise),
    seed: Math.trunc(number('--seed', values.seed, randomInt(2 ** 31))),
  };
}

function number(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (value >= 0 && value < 2 ** 31) return value;
  throw new BothendsError('invalid-argument', `${option} takes a number, not "${text}"`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  process.stderr.write(`fuzz: ${toBothendsError(thrown).message}\n`);
  process.exitCode = 2;
}

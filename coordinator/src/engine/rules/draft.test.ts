import { expect, test } from 'vitest';
import { sentenceOf } from './draft.js';

test('a claim that is no more than possible does not read like a fact', () => {
  const statement = 'The SYN was lost on the way there.';
  for (const grade of ['proven', 'strong', 'likely'] as const)
    expect(sentenceOf({ statement, grade })).toBe(statement);
  for (const grade of ['possible', 'inconclusive'] as const)
    expect(sentenceOf({ statement, grade })).toBe(`Possibly: ${statement}`);
});

test('a rule that words its sentence itself is asked for the grade at the end', () => {
  const statement = (grade: string) => `said at ${grade}`;
  expect(sentenceOf({ statement, grade: 'possible' })).toBe('said at possible');
});

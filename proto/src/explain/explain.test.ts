import { expect, test } from 'vitest';
import { VERDICT_CODES } from '../report/codes.js';
import { EXPLANATIONS, remedyOf } from './index.js';

test('every verdict and nothing else is explained', () => {
  expect(Object.keys(EXPLANATIONS).sort()).toEqual([...VERDICT_CODES].sort());
});

test.each(VERDICT_CODES)('%s says what it means, what proves and refutes it, and what to do', (code) => {
  const { title, meaning, proof, refutation, action } = EXPLANATIONS[code];
  expect(title).toMatch(/^[a-zA-Z].*[^.]$/);
  expect(meaning.length).toBeGreaterThan(40);
  for (const list of [proof, refutation, action]) expect(list.length).toBeGreaterThan(0);
  for (const text of [meaning, ...proof, ...refutation, ...action]) expect(text).toMatch(/[.?:]$/);
});

test.each(VERDICT_CODES)('%s refers only to verdicts that exist', (code) => {
  const { meaning, proof, refutation, action } = EXPLANATIONS[code];
  const text = [meaning, ...proof, ...refutation, ...action].join(' ');
  for (const [, named] of text.matchAll(/bothends explain ([a-z-]+)/g))
    expect(VERDICT_CODES).toContain(named);
});

test('a known cause has its own remedy, any other the first of the verdict', () => {
  expect(remedyOf('rst-genuine', 'no-listener')).toContain('ss -ltnp');
  expect(remedyOf('rst-genuine', 'unknown')).toBe(EXPLANATIONS['rst-genuine'].action[0]);
  expect(remedyOf('syn-lost', null)).toBe(EXPLANATIONS['syn-lost'].action[0]);
});

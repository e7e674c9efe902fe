import { GRADES } from '@bothends/proto';
import { describe, expect, test } from 'vitest';
import { type Case, gradeCase } from './grade.js';
import type { Vouch } from './taps.js';

const base: Case = { lines: 1, conclusive: false, absence: null, headersOnly: false, counter: 0 };
const rank = (c: Partial<Case>) => GRADES.indexOf(gradeCase({ ...base, ...c }));

describe('grades', () => {
  test('only a contradiction of all alternatives, with taps that counted drops, is proven', () => {
    expect(gradeCase({ ...base, lines: 3, conclusive: true, absence: 'complete' })).toBe('proven');
    expect(gradeCase({ ...base, lines: 3, absence: 'complete' })).toBe('strong');
    for (const absence of ['word', 'unverified', 'unaligned', 'doubtful', 'open', 'failed'] as Vouch[]) {
      expect(gradeCase({ ...base, lines: 5, conclusive: true, absence })).not.toBe('proven');
    }
  });

  test('a file that counts no drops convicts only with two lines beside the absence', () => {
    expect(gradeCase({ ...base, lines: 1, conclusive: true, absence: 'unverified' })).toBe('possible');
    expect(gradeCase({ ...base, lines: 2, conclusive: true, absence: 'unverified' })).toBe('likely');
    expect(gradeCase({ ...base, lines: 3, conclusive: true, absence: 'unverified' })).toBe('strong');
  });

  test('header fingerprints alone never exceed likely', () => {
    expect(gradeCase({ ...base, lines: 4, conclusive: true, headersOnly: true })).toBe('likely');
  });

  test('one unexplained observation against caps at possible', () => {
    expect(gradeCase({ ...base, lines: 4, conclusive: true, absence: 'complete', counter: 1 })).toBe(
      'possible',
    );
  });

  test('weaker vouching never gives a stronger grade', () => {
    const order: Vouch[] = ['complete', 'word', 'unverified', 'unaligned', 'doubtful', 'failed'];
    for (const lines of [1, 2, 3, 4]) {
      for (const conclusive of [true, false]) {
        const ranks = order.map((absence) => rank({ lines, conclusive, absence }));
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }
    }
  });

  test('more evidence never weakens', () => {
    for (const absence of [null, 'complete', 'word', 'unverified', 'failed'] as const) {
      const ranks = [1, 2, 3, 4].map((lines) => rank({ lines, absence }));
      expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
    }
  });
});

import { expect, test } from 'vitest';
import { ladderText } from './ladder.js';
import type { Zoom } from './ladder-rows.js';
import { cells } from './layout.js';
import { forgedLadder } from './samples/forged.js';
import { PLAIN } from './style.js';

const whole: Zoom = { around: null, fromMs: null, toMs: null };
const draw = (width = 100, zoom: Zoom = whole, ladder = forgedLadder) =>
  ladderText(ladder, { width, style: PLAIN, zoom });
const lineWith = (drawn: string, text: string) => drawn.split('\n').find((line) => line.includes(text)) ?? '';

test('looks like its golden drawing, wide and narrow', async () => {
  await expect(draw(100)).toMatchFileSnapshot('golden/ladder-100.txt');
  await expect(draw(70)).toMatchFileSnapshot('golden/ladder-70.txt');
});

test.each([60, 70, 80, 100, 140])('no line is wider than %i columns, and every lane is closed', (width) => {
  for (const line of draw(width).split('\n')) expect(cells(line)).toBeLessThanOrEqual(width);
  const lanes = draw(width)
    .split('\n')
    .filter((line) => line.includes('│'));
  expect(lanes).toHaveLength(forgedLadder.rows.length);
  const positions = new Set(lanes.map((line) => `${[...line].indexOf('│')} ${[...line].lastIndexOf('│')}`));
  expect(positions.size).toBe(1);
});

test('a delivered packet is an arrow from its sender to the other end', () => {
  expect(lineWith(draw(), '[S] seq 0, win 64240')).toMatch(/#1 │─.*▶│ #1$/);
  expect(lineWith(draw(), '[S.]')).toMatch(/#2 │◀.*─│ #2$/);
});

test('a lost packet ends in a cross before the other end, a forged one begins on the path', () => {
  expect(lineWith(draw(), '1449:1460')).toMatch(/│ +✗─.*─│ #9$/);
  expect(lineWith(draw(), '[R]')).toMatch(/│ +✸─.*▶│ #10$/);
});

test('a packet that only one tap can speak for has a question mark at the other end', () => {
  const [row] = forgedLadder.rows.slice(-1);
  const rows = [row, { ...row, clientNumber: null, serverNumber: 11 }] as typeof forgedLadder.rows;
  const drawn = draw(100, whole, { ...forgedLadder, rows });
  expect(lineWith(drawn, '#9')).toMatch(/│┄.*\?│$/);
  expect(lineWith(drawn, '#11')).toMatch(/│\?┄.*▶│ #11$/);
});

test('a retransmission names the packet that it repeats', () => {
  expect(lineWith(draw(), '#5')).toContain('↻ #4');
});

test('idle time is folded into one line', () => {
  expect(draw()).toContain('1m 01s idle');
  expect(draw().match(/idle/g)).toHaveLength(2);
});

test('zoom: around a landmark, between two times, and nothing there', () => {
  const many = { ...forgedLadder, rows: [...Array(40).fill(forgedLadder.rows[2]), ...forgedLadder.rows] };
  const around = draw(100, { ...whole, around: 'rst' }, many);
  expect(around).toContain('35 earlier rows');
  expect(around).toContain('[R]');
  const early = draw(100, { ...whole, toMs: 100 });
  expect(early).toContain('5 later rows');
  expect(early).not.toContain('[R]');
  expect(draw(100, { ...whole, around: 'fin' })).toContain('no packet for --around fin');
  expect(draw(100, { ...whole, around: 'rst', fromMs: 3_600_000 })).toMatch(
    /no packet in this interval.* the last one after /,
  );
});

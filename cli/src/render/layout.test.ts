import { expect, test } from 'vitest';
import { cells, fit, printable, tableLines, wrap } from './layout.js';

test('text wraps at spaces, and a long word stays whole', () => {
  const command = 'x'.repeat(50);
  const lines = wrap(`run ${command} now please`, 30, '  → ');
  expect(lines).toEqual(['  → run', `    ${command}`, '    now please']);
});

test('code between back quotes is never broken', () => {
  const lines = wrap('so run `ss -ltnp sport = :80` (as root) now', 25);
  expect(lines).toEqual(['so run', '`ss -ltnp sport = :80`', '(as root) now']);
});

test('a cut text says so and has exactly the width', () => {
  expect(fit('abcdef', 4)).toBe('abc…');
  expect(fit('abcd', 4)).toBe('abcd');
});

test('columns line up, numbers to the right', () => {
  const lines = tableLines(
    [{ title: 'NAME' }, { title: 'N', align: 'right' }],
    [
      ['a', '1'],
      ['long one', '100'],
    ],
    80,
  );
  expect(lines).toEqual(['NAME        N', 'a           1', 'long one  100']);
  expect(new Set(lines.map(cells)).size).toBe(1);
});

test('control characters and direction marks of another host never reach the terminal', () => {
  expect(printable('a\u001b[2Jb\u009bc\u202ed\r')).toBe('a\ufffd[2Jb\ufffdc\ufffdd\ufffd');
  expect(printable('two\nlines →')).toBe('two\nlines →');
});

test('a number stays with its thousands and with its unit', () => {
  const lines = wrap('the tap saw 1 204 567 packets and the clocks differ by 3.51 ms or 1 204 ns here', 20);
  for (const whole of ['1 204 567', '3.51 ms', '1 204 ns']) expect(lines.join('\n')).toContain(whole);
});

import { expect, test } from 'vitest';
import type { Io } from '../io.js';
import { AnalysisProgress, progressText } from './progress.js';

test('share, rate and time left follow from bytes, packets and time', () => {
  expect(progressText({ packets: 3_000_000, bytesRead: 25, bytesTotal: 100 }, 2000)).toBe(
    ' 25 %  3 000 000 packets  1 500 000/s  6 s left',
  );
  expect(progressText({ packets: 10, bytesRead: 5, bytesTotal: 0 }, 1000)).toBe('10 packets  10/s');
});

function fakeIo(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const sink = { write: (text: string) => void written.push(text), isTTY, columns: 80 };
  const io = { stdout: sink, stderr: sink, env: {}, now: () => clock.ms } as unknown as Io;
  return { io, written, clock };
}

const amount = { packets: 10, bytesRead: 1, bytesTotal: 10 };

test('a quick analysis shows none', () => {
  const { io, written, clock } = fakeIo(true);
  const progress = new AnalysisProgress(io, false);
  clock.ms = 900;
  progress.update(amount);
  progress.close();
  expect(written).toEqual([]);
});

test('a long one is redrawn in place on a terminal and cleared at the end', () => {
  const { io, written, clock } = fakeIo(true);
  const progress = new AnalysisProgress(io, false);
  for (clock.ms = 1000; clock.ms < 2000; clock.ms += 100) progress.update(amount);
  progress.close();
  expect(written).toHaveLength(6);
  expect(written.every((text) => text.startsWith('\r'))).toBe(true);
});

test('when piped it is silent unless asked for', () => {
  const { io, written, clock } = fakeIo(false);
  const silent = new AnalysisProgress(io, false);
  const asked = new AnalysisProgress(io, true);
  clock.ms = 1500;
  silent.update(amount);
  asked.update(amount);
  expect(written).toEqual([' 10 %  10 packets  7/s  14 s left\n']);
});

import { expect, test } from 'vitest';
import { handshake, TwoEnds } from '../../testing/two-ends.js';

const other = handshake(0, { serverPort: 80 });

test('nothing left the client for the port that was asked about', () => {
  const { findings } = new TwoEnds().say(...other).report({ port: 5432 });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ code: 'no-attempt', blame: 'client-host', grade: 'strong' });
  expect(findings[0]?.attributes).toMatchObject({ port: 5432, otherAddresses: null });
});

test('a port that was tried is no such case, however it ended', () => {
  const { findings } = new TwoEnds().say(...other).report({ port: 80 });
  expect(findings).toEqual([]);
});

test('the port tried at another address weakens it and says where', () => {
  const elsewhere = handshake(50, { server: '10.9.9.9', serverPort: 5432 }).map((p) => ({
    ...p,
    seenBy: 'client' as const,
  }));
  const { findings } = new TwoEnds().say(...other, ...elsewhere).report({ port: 5432 });
  const finding = findings.find((f) => f.code === 'no-attempt');
  expect(finding?.grade).toBe('possible');
  expect(finding?.statement).toContain('10.9.9.9');
});

test('without a question about a port there is no answer', () => {
  expect(new TwoEnds().say(...other).report().findings).toEqual([]);
});

import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { type Told, TwoEnds } from '../../testing/two-ends.js';

const UDP = { protocol: 17, serverPort: 53 } as const;
const A = 1;
const AAAA = 28;
const NXDOMAIN = 3;

/** Query flags: RD. Answer flags: QR, RD, RA and the code. */
function query(at: number, id: number, type: number, seenBy: Told['seenBy'] = 'both', name = 7): Told {
  const columns = { payloadLength: 40, dnsId: id, dnsFlags: 0x0100, dnsType: type, nameLow: name };
  return { at, from: 'client', seenBy, columns };
}

function answer(
  at: number,
  id: number,
  type: number,
  rcode = 0,
  seenBy: Told['seenBy'] = 'both',
  name = 7,
): Told {
  const columns = { payloadLength: 80, dnsId: id, dnsFlags: 0x8180 | rcode, dnsType: type, nameLow: name };
  return { at, from: 'server', seenBy, columns };
}

/** A healthy exchange on another socket: the clocks are known from it. */
const control = [query(0, 1, A), answer(10, 1, A)].map((p) => ({ ...p, tuple: { clientPort: 41_000 } }));

function findingsOf(...packets: Told[]): Finding[] {
  return new TwoEnds(UDP).say(...control, ...packets).report().findings;
}

test('an answered query gives no finding', () => {
  expect(findingsOf(query(100, 5, A), answer(110, 5, A))).toEqual([]);
});

test('a query that never arrives is lost toward the server', () => {
  const [finding, ...rest] = findingsOf(query(100, 5, A, 'client'), query(5100, 5, A, 'client'));
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({
    code: 'dns-unanswered',
    direction: 'toward-server',
    blame: 'path',
    grade: 'proven',
  });
  expect(finding?.attributes).toMatchObject({ type: 'A', rcode: null, sent: 2 });
});

test('a resolver that keeps silent is blamed itself', () => {
  const [finding] = findingsOf(query(100, 5, A), query(5100, 5, A));
  expect(finding).toMatchObject({ code: 'dns-unanswered', blame: 'server-host', grade: 'strong' });
});

test('an answer that dies on the way back is the path’s loss', () => {
  const [finding] = findingsOf(
    query(100, 5, A),
    answer(110, 5, A, 0, 'server'),
    query(5100, 5, A),
    answer(5110, 5, A, 0, 'server'),
  );
  expect(finding).toMatchObject({
    code: 'dns-unanswered',
    direction: 'toward-client',
    blame: 'path',
    grade: 'proven',
  });
});

test('a dead AAAA path is told from a dead resolver, also when each type has its own socket', () => {
  for (const tuple of [{}, { clientPort: 42_000 }]) {
    const others = [query(100, 5, A), answer(110, 5, A)].map((p) => ({ ...p, tuple }));
    const [finding, ...rest] = findingsOf(...others, query(101, 6, AAAA), query(5100, 6, AAAA));
    expect(rest).toEqual([]);
    expect(finding?.attributes.type).toBe('AAAA');
    expect(finding?.statement).toContain('while A queries to it were answered');
  }
});

test('a resolver that answered nothing of any type is not told so', () => {
  const [finding] = findingsOf(query(100, 5, A), query(5100, 5, A));
  expect(finding?.statement).not.toContain('while');
});

test('an answer to another question with the same id answers nothing', () => {
  const [finding] = findingsOf(query(100, 5, A), answer(110, 5, A, 0, 'both', 99), query(5100, 5, A));
  expect(finding).toMatchObject({ code: 'dns-unanswered', blame: 'server-host' });
});

test('an error code is the resolver’s word, with number and name', () => {
  const [finding] = findingsOf(query(100, 5, A), answer(110, 5, A, 2));
  expect(finding).toMatchObject({ code: 'dns-failed', sender: 'server', grade: 'proven' });
  expect(finding?.attributes).toMatchObject({ type: 'A', rcode: 2 });
  expect(finding?.statement).toContain('SERVFAIL (2)');
});

test('a search list that ends in success is no fault', () => {
  const findings = findingsOf(
    query(100, 5, A, 'both', 7),
    answer(110, 5, A, NXDOMAIN, 'both', 7),
    query(120, 6, A, 'both', 8),
    answer(130, 6, A, 0, 'both', 8),
  );
  expect(findings).toEqual([]);
});

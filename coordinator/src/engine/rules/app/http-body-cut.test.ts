import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const DECLARED = 1000;
const HEAD = 100;
const GET = 1;
const HEAD_METHOD = 3;

function request(kind = GET): Told {
  const columns = { tcpFlags: 0x18, sequence: 1001, acknowledgment: 5001, payloadLength: 50, httpKind: kind };
  return { at: 20, from: 'client', columns };
}

/** The response's head and as much of its body as the first segment holds. */
function response(length: number, extra: Told['columns'] = {}): Told {
  const head = { httpKind: 2, httpStatus: 200, httpLength: DECLARED, httpHeadLength: HEAD };
  const columns = {
    tcpFlags: 0x18,
    sequence: 5001,
    acknowledgment: 1051,
    payloadLength: length,
    ...head,
    ...extra,
  };
  return { at: 30, from: 'server', columns };
}

function server(flags: number, sequence: number): Told {
  return { at: 40, from: 'server', columns: { tcpFlags: flags, sequence, acknowledgment: 1051 } };
}

function findingsOf(...packets: Told[]): Finding[] {
  return new TwoEnds({ serverPort: 80 }).say(...handshake(), ...packets).report().findings;
}

test('a FIN before the end of the body cuts it, and the server is who did', () => {
  const [finding] = findingsOf(request(), response(HEAD + 300), server(0x11, 5001 + HEAD + 300));
  expect(finding).toMatchObject({ code: 'http-body-cut', sender: 'server', grade: 'proven' });
  expect(finding?.attributes).toMatchObject({ declared: 1000, delivered: 300, status: 200 });
});

test('a body of its full length is not cut', () => {
  expect(findingsOf(request(), response(HEAD + DECLARED), server(0x11, 5001 + HEAD + DECLARED))).toEqual([]);
});

test('an answer to HEAD declares a body and has none', () => {
  expect(findingsOf(request(HEAD_METHOD), response(HEAD), server(0x11, 5001 + HEAD))).toEqual([]);
});

test('304 has no body either', () => {
  expect(findingsOf(request(), response(HEAD, { httpStatus: 304 }), server(0x11, 5001 + HEAD))).toEqual([]);
});

test('a connection that is still open may yet deliver', () => {
  expect(findingsOf(request(), response(HEAD + 300))).toEqual([]);
});

test('a client that resets is who ended it', () => {
  const abort: Told = {
    at: 40,
    from: 'client',
    columns: { tcpFlags: 0x14, sequence: 1051, acknowledgment: 5001 + HEAD + 300 },
  };
  const finding = findingsOf(request(), response(HEAD + 300), abort).find((f) => f.code === 'http-body-cut');
  expect(finding).toMatchObject({ sender: 'client', blame: 'client-host' });
});

test('what one tap missed and the client acknowledged was delivered', () => {
  const rest: Told = {
    at: 32,
    from: 'server',
    seenBy: 'client',
    columns: { tcpFlags: 0x18, sequence: 5001 + HEAD + 300, acknowledgment: 1051, payloadLength: 700 },
  };
  const fin: Told = { ...server(0x11, 5001 + HEAD + DECLARED), seenBy: 'client' };
  const findings = findingsOf(request(), response(HEAD + 300), rest, fin);
  expect(findings.map((f) => f.code)).not.toContain('http-body-cut');
});

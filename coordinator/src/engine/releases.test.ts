import type { PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Engine } from './engine.js';
import { ACK, CLIENT, PUSH, SERVER, type Segment, SYN, SYN_ACK, tape } from './testing/tape.js';

const MS = 1_000_000;

/** A request and its answer as one end saw them, with the digests that its agent made of the payloads. */
function exchange(end: 'client' | 'server', digest: number): PacketTable {
  const away = (at: number) => (end === 'client' ? at : at + 5 * MS);
  const back = (at: number) => (end === 'client' ? at + 5 * MS : at);
  const segments: Segment[] = [
    { at: away(0), flags: SYN, seq: 99, id: 1 },
    { at: back(6 * MS), from: 'server', flags: SYN_ACK, seq: 499, ack: 100, id: 2 },
    { at: away(12 * MS), flags: ACK, seq: 100, ack: 500, id: 3 },
    { at: away(13 * MS), flags: PUSH, seq: 100, ack: 500, length: 200, payload: digest, id: 4 },
    {
      at: back(20 * MS),
      from: 'server',
      flags: PUSH,
      seq: 500,
      ack: 300,
      length: 200,
      payload: digest,
      id: 5,
    },
    { at: away(26 * MS), flags: ACK, seq: 300, ack: 700, id: 6 },
  ];
  return tape(segments);
}

/** Codes of what is found when the two agents made these digests. */
function found(client: { digest: number; isOlder: boolean }, server: { digest: number; isOlder: boolean }) {
  const engine = new Engine({ captureId: 'c', captureName: 'c', port: null, vouchComplete: false });
  for (const [role, { digest, isOlder }] of [
    ['client', client],
    ['server', server],
  ] as const) {
    const table = exchange(role, digest);
    table.prefixDigests = !isOlder;
    const tap = engine.addTap({ name: role, role, addresses: [role === 'client' ? CLIENT : SERVER] });
    engine.push(tap, table);
    engine.finish(tap);
  }
  return engine.report().findings.map(({ code }) => code);
}

test('payloads whose digests differ were altered, when both agents are of one release', () => {
  for (const isOlder of [false, true]) {
    expect(found({ digest: 7, isOlder }, { digest: 8, isOlder })).toContain('payload-altered');
    expect(found({ digest: 7, isOlder }, { digest: 7, isOlder })).not.toContain('payload-altered');
  }
});

test('agents of two releases make different digests of one payload, and nobody is accused', () => {
  const older = { digest: 7, isOlder: true };
  const newer = { digest: 8, isOlder: false };
  expect(found(older, newer)).not.toContain('payload-altered');
  expect(found(newer, older)).not.toContain('payload-altered');
});

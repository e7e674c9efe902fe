import { expect, test } from 'vitest';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

/** A connection on its own client port with `n` full segments from the server. */
function download(clientPort: number, n: number): Told[] {
  const segments = Array.from({ length: n }, (_, i): Told => {
    const columns = { tcpFlags: 0x10, sequence: 5001 + i * 1000, acknowledgment: 1001, payloadLength: 1000 };
    return { at: 20 + i, from: 'server', tuple: { clientPort }, columns };
  });
  return [...handshake(0, { clientPort }), ...segments];
}

const noteOf = (...flows: Told[][]) =>
  new TwoEnds()
    .say(...flows.flat())
    .report()
    .findings.find((f) => f.code === 'top-talker');

test('the flow that makes most of the bytes is named with its share and rate', () => {
  const note = noteOf(
    download(40_001, 2000),
    download(40_002, 100),
    download(40_003, 100),
    download(40_004, 100),
  );
  expect(note?.statement).toContain('port 40001');
  expect(note?.attributes).toMatchObject({ bytes: 2_000_000, connections: 1 });
  expect(note?.attributes.share).toBeCloseTo(2000 / 2300, 2);
  // 2 MB within two seconds.
  expect(Number(note?.attributes.bytesPerSecond)).toBeGreaterThan(900_000);
});

test('among equals there is no top talker, nor in little traffic', () => {
  expect(noteOf(...[1, 2, 3, 4].map((i) => download(40_000 + i, 500)))).toBeUndefined();
  expect(
    noteOf(download(40_001, 50), download(40_002, 5), download(40_003, 5), download(40_004, 5)),
  ).toBeUndefined();
});

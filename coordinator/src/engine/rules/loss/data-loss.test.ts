import type { Finding } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Engine } from '../../engine.js';
import { ACK, RST, type Segment, SYN, SYN_ACK, tape } from '../../testing/tape.js';

const MS = 1_000_000;
const LENGTH = 1000;
const SEGMENTS = 3000;

/** What becomes of the segment numbered `k`: the path loses it and it is sent again, or only the server's tap misses it. */
type Fate = 'arrives' | 'lost' | 'missed';

/**
 * A long transfer from the client, and what is found about its losses. `aborted`: when the segment of this number leaves the
 * server has ended the connection by a RST that the path loses.
 */
function transfer(fateOf: (k: number) => Fate, aborted?: number): Finding | undefined {
  const client: Segment[] = [];
  const server: Segment[] = [];
  const arrive = (s: Segment) => server.push({ ...s, at: s.at + 0.1 * MS, ttl: 61 });
  const answer = (s: Segment) => {
    server.push({ from: 'server', ...s });
    client.push({ from: 'server', ...s, at: s.at + 0.1 * MS, ttl: 61 });
  };
  const syn: Segment = { at: 0, flags: SYN, seq: 1000, mss: 1460, id: 1 };
  client.push(syn);
  arrive(syn);
  answer({ at: 0.1 * MS, flags: SYN_ACK, seq: 9000, ack: 1001, mss: 1460, id: 1 });
  for (let k = 0; k < SEGMENTS; k++) {
    const at = MS + k * 0.1 * MS;
    const sent = { at, seq: 1001 + k * LENGTH, ack: 9001, length: LENGTH, id: 2 + 2 * k, payload: k };
    client.push(sent);
    if (fateOf(k) === 'arrives') arrive(sent);
    if (fateOf(k) === 'lost') {
      const again = { ...sent, at: at + 5 * MS, id: 30_000 + k };
      client.push(again);
      arrive(again);
    }
    if (k === aborted)
      server.push({ from: 'server', at, flags: RST | ACK, seq: 9001, ack: sent.seq, id: 2 + k });
    answer({ at: at + 20 * MS, seq: 9001, ack: sent.seq + LENGTH, id: 2 + k });
  }
  const engine = new Engine({ captureId: 't', captureName: '', port: null, vouchComplete: false });
  for (const [name, seen] of Object.entries({ client, server })) {
    const tap = engine.addTap({ name, role: null, addresses: [] });
    engine.push(tap, tape(seen.sort((a, b) => a.at - b.at)));
    engine.finish(tap);
  }
  return engine.report().findings.find(({ code }) => code === 'data-loss');
}

const textOf = (finding: Finding | undefined, kind: string) =>
  [...(finding?.evidence ?? []), ...(finding?.counter ?? [])].find((e) => e.kind === kind)?.text;

test('each of many losses is held against what was sent again in all of the capture', () => {
  const finding = transfer((k) => (k % 10 === 4 ? 'lost' : 'arrives'));
  expect(finding?.grade).toBe('strong');
  expect(finding?.attributes).toMatchObject({ lost: 300, retransmitted: 300, sentAgain: 300 });
  expect(textOf(finding, 'retransmitted')).toContain('sent 300 of 300 again');
});

test('what a tap missed among many losses is told from them', () => {
  const finding = transfer((k) => (k % 10 === 4 ? 'lost' : k % 50 === 7 ? 'missed' : 'arrives'));
  expect(finding?.attributes).toMatchObject({ lost: 300, retransmitted: 300 });
  expect(textOf(finding, 'tap-missed')).toContain('60 more are absent there too');
});

test('what comes when the receiver has ended the connection is not said to be lost', () => {
  const fateOf = (k: number) => (k > SEGMENTS - 10 ? 'lost' : 'arrives');
  expect(transfer(fateOf)?.attributes.lost).toBe(9);
  expect(transfer(fateOf, SEGMENTS - 20)).toBeUndefined();
});

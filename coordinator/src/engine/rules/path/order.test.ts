import type { Report } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Engine } from '../../engine.js';
import { type Segment, SYN, SYN_ACK, tape } from '../../testing/tape.js';
import { handshake, type Told, TwoEnds } from '../../testing/two-ends.js';

const MS = 1_000_000;
const LENGTH = 1000;

/** A path of 0.1 ms with three routers, over which 40 segments go in 4 ms, of which each tenth befalls something. */
function transfer(
  befall: (sent: Segment, client: Segment[], server: Segment[]) => void,
  captured: (seen: Segment[]) => Segment[] = (seen) => seen,
): Report {
  const client: Segment[] = [];
  const server: Segment[] = [];
  const arrive = (s: Segment, after = 0.1 * MS) => server.push({ ...s, at: s.at + after, ttl: 61 });
  const answer = (s: Segment) => {
    server.push(s);
    client.push({ ...s, at: s.at + 0.1 * MS, ttl: 61 });
  };
  const syn: Segment = { at: 0, flags: SYN, seq: 1000, mss: 1460, tsval: 1 };
  client.push(syn);
  arrive(syn);
  answer({ at: 0.1 * MS, from: 'server', flags: SYN_ACK, seq: 9000, ack: 1001, mss: 1460, tsval: 7 });
  for (let k = 0; k < 40; k++) {
    const at = MS + k * 0.1 * MS;
    // IPv6: no id. The sender's clock ticks every millisecond.
    const sent = {
      at,
      seq: 1001 + k * LENGTH,
      ack: 9001,
      length: LENGTH,
      tsval: 1 + Math.floor(at / MS),
      payload: k,
    };
    client.push(sent);
    if (k % 10 === 4) befall(sent, client, server);
    else arrive(sent);
  }
  answer({ at: 20 * MS, from: 'server', seq: 9001, ack: 1001 + 40 * LENGTH, tsval: 27 });
  const engine = new Engine({ captureId: 't', captureName: '', port: null, vouchComplete: false });
  for (const [name, seen] of Object.entries({ client, server })) {
    const tap = engine.addTap({ name, role: null, addresses: [] });
    engine.push(tap, tape(captured(seen.sort((a, b) => a.at - b.at))));
    engine.finish(tap);
  }
  return engine.report();
}

const codes = (report: Report) => report.findings.map(({ code }) => code);

test('what is lost and sent again within a tick of the time stamps is lost, and not late', () => {
  const report = transfer((sent, client, server) => {
    const again = { ...sent, at: sent.at + 0.3 * MS };
    client.push(again);
    // Held back in a queue for longer than a tick: lateness proves nothing.
    server.push({ ...again, at: again.at + 2.6 * MS, ttl: 61 });
  });
  expect(codes(report)).not.toContain('reordering');
  expect(report.flows[0]?.packets.lostToServer).toBe(4);
});

const late = (sent: Segment, _client: Segment[], server: Segment[]) => {
  server.push({ ...sent, at: sent.at + 0.6 * MS, ttl: 61 });
};

const gradeOf = (report: Report) => report.findings.find(({ code }) => code === 'reordering')?.grade;

test('what was sent once and comes late was overtaken', () => {
  expect(gradeOf(transfer(late))).toBe('proven');
});

test('where the times of a capture run backwards, its order proves nothing', () => {
  const swapped = ([a, b, ...rest]: Segment[]) => [b, a, ...rest] as Segment[];
  expect(gradeOf(transfer(late, swapped))).toBe('possible');
});

/** Two questions, each of which the server's tap has twice. */
const twice = [100, 5_100].flatMap((at, i): Told[] =>
  (['both', 'server'] as const).map((seenBy, look) => ({
    at: at + look * 0.02,
    from: 'client',
    seenBy,
    columns: { ipId: 700 + i, payloadLength: 33 },
  })),
);

test('a tap that has each of a few packets twice may look at a mirror port', () => {
  const report = new TwoEnds({ protocol: 17, serverPort: 6000 }).say(...twice).report();
  expect(codes(report)).not.toContain('duplication');
});

test('where other flows are seen once, packets that come twice were copied on the way', () => {
  const others = [1, 2, 3].flatMap((k) => handshake(k * 500, { protocol: 6, clientPort: 41_000 + k }));
  const report = new TwoEnds({ protocol: 17, serverPort: 6000 }).say(...twice, ...others).report();
  expect(codes(report)).toContain('duplication');
});

import { GRADES, type Report } from '@bothends/proto';
import { describe, expect, test } from 'vitest';
import { Engine } from './engine.js';
import { ACK, PUSH, type Segment, SYN, SYN_ACK, tape } from './testing/tape.js';

/** Flows that the engine under test follows. */
const LIMIT = 50;
const S = 1_000_000_000;
const WAY_NS = 5_000_000;

class Narrow extends Engine {
  constructor() {
    super({ captureId: 'c', captureName: '', port: null, vouchComplete: true });
    this.intake.store.table.limit = LIMIT;
  }
}

/** A connection that begins at `at`, as the client's host sees it. */
function connection(port: number, at: number, clientAddress: string): Segment[] {
  const own = { clientAddress, clientPort: port };
  return [
    { ...own, at, from: 'client', flags: SYN, seq: port, id: 1 },
    { ...own, at: at + 2 * WAY_NS, from: 'server', flags: SYN_ACK, seq: 7, ack: port + 1, id: 1 },
    { ...own, at: at + 2 * WAY_NS + 1, from: 'client', flags: ACK, seq: port + 1, ack: 8, id: 2 },
    {
      ...own,
      at: at + 2 * WAY_NS + 2,
      from: 'client',
      flags: PUSH,
      seq: port + 1,
      ack: 8,
      length: 100,
      id: 3,
    },
    { ...own, at: at + 4 * WAY_NS, from: 'server', flags: PUSH, seq: 8, ack: port + 101, length: 100, id: 2 },
  ];
}

/** The same at the server's end. */
const farther = (segment: Segment): Segment => ({
  ...segment,
  at: segment.at + (segment.from === 'client' ? WAY_NS : -WAY_NS),
  ttl: 61,
});

function reportOn(atClient: readonly Segment[], atServer: readonly Segment[]): Report {
  const engine = new Narrow();
  for (const [i, segments] of [atClient, atServer].entries()) {
    const tap = engine.addTap({ name: `tap ${i}`, role: i === 0 ? 'client' : 'server', addresses: [] });
    engine.push(tap, tape([...segments].sort((a, b) => a.at - b.at)));
    engine.finish(tap);
  }
  return engine.report();
}

const many = (count: number, clientAddress = '10.0.0.1') =>
  Array.from({ length: count }, (_, i) => connection(10_000 + i, i * 1_000_000, clientAddress)).flat();

describe('more flows than one capture follows', () => {
  test('are counted at each tap, and lower its coverage', () => {
    const { flows, taps, findings } = reportOn(many(200), many(200).map(farther));
    expect(flows).toHaveLength(LIMIT);
    expect(taps.map((tap) => [tap.untracked, tap.coverage])).toEqual([
      [150 * 5, 'gaps'],
      [150 * 5, 'gaps'],
    ]);
    expect(findings).toEqual([]);
  });

  test('accuse nobody where only one tap had room for a flow', () => {
    // The client's tap takes all the room; behind address translation the server's tap knows every flow by another tuple.
    const { findings } = reportOn(many(200), many(200, '192.0.2.9').map(farther));
    const sure = findings.filter(({ grade }) => GRADES.indexOf(grade) <= GRADES.indexOf('likely'));
    expect(sure.map(({ code, grade }) => `${code} ${grade}`)).toEqual([]);
  });

  test('do not hide what befell a flow that is followed', () => {
    const lost = [
      ...connection(10_000, 0, '10.0.0.1'),
      {
        at: S,
        from: 'client',
        clientPort: 10_000,
        flags: PUSH,
        seq: 10_101,
        ack: 108,
        length: 500,
        id: 9,
      } as Segment,
    ];
    const { flows } = reportOn([...lost, ...many(200).slice(5)], many(200).map(farther));
    expect(flows.find(({ client }) => client.port === 10_000)?.packets).toMatchObject({
      clientTap: 6,
      serverTap: 5,
    });
  });
});

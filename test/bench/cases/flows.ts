import { join } from 'node:path';
import { BOTHENDS } from '../../lab/fleet.js';
import { type Bench, type Case, type Figure, median } from '../case.js';
import { type Cost, measured } from '../measured.js';
import { writeBulk } from '../traffic/bulk.js';
import { writeShort } from '../traffic/short.js';

const FEW = 10;
const MANY = 100_000;
/** Packets of a connection, its handshake and its end included: one that hardly says anything, and one that does. */
const BRIEF = 12;
const LONG = 102;
/** SYNs of a scan that nobody answers, each from a port of its own: more than the engine follows. */
const SCANNED = 500_000;
const MEGABYTE = 1e6;

type End = 'client' | 'server';

/** What is analysed: a name, and what writes the capture of each end. */
interface Traffic {
  readonly what: string;
  readonly write: (path: string, end: End) => number;
}

/**
 * A flow table with 100 000 flows should be as fast per packet as one with ten: so the same connections, packet by packet, are
 * analysed as they come ten at a time and as all are open at once. What a connection costs once (handshake, line of the
 * report) is in both, and shows against the ten flows that go on throughout.
 */
export const flows: Case = {
  name: 'flows',
  title: `${FEW} flows; the same ${MANY} connections ${FEW} and ${MANY} at a time; connections that close; a scan`,
  async run(bench) {
    const short = (connections: number, answered: boolean) => (path: string, end: End) =>
      writeShort(path, end, { connections, answered });
    const ten = (path: string, end: End) => writeBulk(path, end, { flows: FEW, packets: bench.packets });
    return [
      ...figuresOf(await analyzed(bench, { what: `${FEW} flows throughout`, write: ten })),
      ...(await atATime(bench, BRIEF)),
      ...(await atATime(bench, LONG)),
      ...figuresOf(await analyzed(bench, { what: `${MANY} flows that close`, write: short(MANY, true) })),
      ...figuresOf(
        await analyzed(bench, { what: `a scan of ${SCANNED} SYNs`, write: short(SCANNED, false) }),
      ),
    ];
  },
};

interface Analyzed {
  readonly what: string;
  readonly packets: number;
  /** Medians. */
  readonly cost: Cost;
}

/** The same connections of so many packets, few and all of them at a time. */
async function atATime(bench: Bench, packets: number): Promise<Figure[]> {
  const open = (count: number): Traffic => ({
    what: `${MANY} connections of ${packets} packets, ${count} at a time`,
    write: (path, end) => writeBulk(path, end, { flows: MANY, packets: MANY * packets, open: count }),
  });
  const few = await analyzed(bench, open(FEW));
  const many = await analyzed(bench, open(MANY));
  const ratio = { what: '— CPU of the second by that of the first', unit: 'times' };
  return [
    ...figuresOf(few),
    ...figuresOf(many),
    { ...ratio, value: many.cost.cpuSeconds / few.cost.cpuSeconds },
  ];
}

async function analyzed(bench: Bench, { what, write }: Traffic): Promise<Analyzed> {
  const paths = (['client', 'server'] as const).map((end) => join(bench.folder, `flows-${end}.pcap`));
  const packets = write(paths[0] as string, 'client') + write(paths[1] as string, 'server');
  const costs: Cost[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    costs.push(await measured([...BOTHENDS, 'analyze', '-o', 'json', ...paths], bench.now));
  }
  const of = (key: keyof Cost) => median(costs.map((cost) => cost[key]));
  const cost = { seconds: of('seconds'), cpuSeconds: of('cpuSeconds'), peakBytes: of('peakBytes') };
  return { what, packets, cost };
}

function figuresOf({ what, packets, cost }: Analyzed): Figure[] {
  const each = ((cost.cpuSeconds / packets) * MEGABYTE).toFixed(2);
  return [
    { what, value: packets / cost.seconds, unit: 'packets/s' },
    { what: '— CPU', value: cost.cpuSeconds, unit: 's', compared: `${each} µs a packet` },
    {
      what: '— memory at most',
      value: cost.peakBytes / MEGABYTE,
      unit: 'MB',
      compared: `${Math.round(cost.peakBytes / packets)} bytes a packet`,
    },
  ];
}

import { join } from 'node:path';
import { BOTHENDS } from '../../lab/fleet.js';
import { type Bench, type Case, type Figure, median } from '../case.js';
import { type Cost, measured } from '../measured.js';
import { writeBulk } from '../traffic/bulk.js';
import { writeShort } from '../traffic/short.js';

const FEW = 10;
const MANY = 100_000;
/** SYNs of a scan that nobody answers, each from a port of its own: more than the engine follows. */
const SCANNED = 500_000;
const MEGABYTE = 1e6;

type End = 'client' | 'server';

/** What is analysed: a name, and what writes the capture of each end. */
interface Traffic {
  readonly what: string;
  readonly write: (path: string, end: End) => number;
}

/** A flow table of 100 000 connections should cost no more per packet than one of ten, and a scan no more memory. */
export const flows: Case = {
  name: 'flows',
  title: `the same number of packets in ${FEW} and in ${MANY} flows, ${MANY} that close, and a scan`,
  async run(bench) {
    const bulk = (count: number) => (path: string, end: End) =>
      writeBulk(path, end, { flows: count, packets: bench.packets });
    const short = (connections: number, answered: boolean) => (path: string, end: End) =>
      writeShort(path, end, { connections, answered });
    const all: readonly Traffic[] = [
      { what: `${FEW} flows`, write: bulk(FEW) },
      { what: `${MANY} flows, all open throughout`, write: bulk(MANY) },
      { what: `${MANY} flows that close`, write: short(MANY, true) },
      { what: `a scan of ${SCANNED} SYNs`, write: short(SCANNED, false) },
    ];
    const figures: Figure[] = [];
    for (const traffic of all) figures.push(...(await analyzed(bench, traffic)));
    return figures;
  },
};

async function analyzed(bench: Bench, { what, write }: Traffic): Promise<Figure[]> {
  const paths = (['client', 'server'] as const).map((end) => join(bench.folder, `flows-${end}.pcap`));
  const packets = write(paths[0] as string, 'client') + write(paths[1] as string, 'server');
  const costs: Cost[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    costs.push(await measured([...BOTHENDS, 'analyze', '-o', 'json', ...paths], bench.now));
  }
  const of = (key: keyof Cost) => median(costs.map((cost) => cost[key]));
  const each = (cost: number) => ((cost / packets) * MEGABYTE).toFixed(2);
  return [
    { what, value: packets / of('seconds'), unit: 'packets/s' },
    { what: '— CPU', value: of('cpuSeconds'), unit: 's', compared: `${each(of('cpuSeconds'))} µs a packet` },
    {
      what: '— memory at most',
      value: of('peakBytes') / MEGABYTE,
      unit: 'MB',
      compared: `${Math.round(of('peakBytes') / packets)} bytes a packet`,
    },
  ];
}

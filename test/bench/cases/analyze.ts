import { statSync } from 'node:fs';
import { join } from 'node:path';
import { labAvailable } from '../../lab/available.js';
import { BOTHENDS } from '../../lab/fleet.js';
import { type Bench, type Case, type Figure, median } from '../case.js';
import { type Cost, isInstalled, measured } from '../measured.js';
import { writeBulk } from '../traffic/bulk.js';
import { recordBulk } from '../traffic/record.js';

/** Flows of the transfer; as many in a recording. */
const FLOWS = 4;

interface Contestant {
  readonly name: string;
  readonly argv: readonly string[];
  /** Packets that it reads. */
  readonly packets: number;
}

interface Captures {
  readonly paths: readonly [string, string];
  readonly packets: readonly [number, number];
}

/** `bothends analyze` on both files beside programs that read one of them, in turns, so that all meet the same load. */
export const analyze: Case = {
  name: 'analyze',
  title: 'two capture files of bulk TCP beside single-ended tools on one of them',
  async run(bench) {
    const captures = await makeCaptures(bench);
    const contestants = contestantsFor(captures, bench);
    const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]));
    for (let round = 0; round < bench.rounds; round++) {
      for (const { name, argv } of contestants) costs.get(name)?.push(await measured(argv, bench.now));
    }
    const [own] = contestants;
    const rate = (each: Contestant) =>
      each.packets / median((costs.get(each.name) ?? []).map((c) => c.seconds));
    return contestants.flatMap((each) =>
      figuresOf(each, costs.get(each.name) ?? [], own && own !== each ? rate(own) : null),
    );
  },
};

/** Recorded on real stacks where that is possible, else written. */
async function makeCaptures(bench: Bench): Promise<Captures> {
  const { ok, why } = labAvailable();
  if (ok) return recordBulk(bench, FLOWS);
  bench.say(`no lab here (${why}): the captures are written instead of recorded`);
  const paths = [join(bench.folder, 'client.pcap'), join(bench.folder, 'server.pcap')] as const;
  const bulk = { flows: FLOWS, packets: bench.packets };
  return { paths, packets: [writeBulk(paths[0], 'client', bulk), writeBulk(paths[1], 'server', bulk)] };
}

function contestantsFor({ paths, packets }: Captures, bench: Bench): Contestant[] {
  const megabytes = Math.round(paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6);
  bench.say(`two files, ${packets.join(' and ')} packets, ${megabytes} MB`);
  const [file] = paths;
  const others: Contestant[] = [
    { name: 'tcptrace', argv: ['tcptrace', file], packets: packets[0] },
    { name: 'tshark', argv: ['tshark', '-n', '-q', '-z', 'conv,tcp', '-r', file], packets: packets[0] },
  ];
  const present = others.filter(({ name }) => {
    if (isInstalled(name)) return true;
    bench.say(`${name} is not installed, so there is nothing to compare with: "apt-get install ${name}"`);
    return false;
  });
  const own = {
    name: 'bothends',
    argv: [...BOTHENDS, 'analyze', ...paths],
    packets: packets[0] + packets[1],
  };
  return [own, ...present];
}

/** `ownRate`: of `bothends` in packets per second, to compare with; null for its own figures. */
function figuresOf({ name, packets }: Contestant, costs: readonly Cost[], ownRate: number | null): Figure[] {
  const rate = packets / median(costs.map((cost) => cost.seconds));
  const compared =
    ownRate === null ? {} : { compared: `bothends has ${(ownRate / rate).toFixed(2)} times this rate` };
  return [
    { what: `${name}: rate`, value: rate, unit: 'packets/s', ...compared },
    { what: `${name}: time`, value: median(costs.map((cost) => cost.seconds)), unit: 's' },
    { what: `${name}: CPU`, value: median(costs.map((cost) => cost.cpuSeconds)), unit: 's' },
    { what: `${name}: peak memory`, value: median(costs.map((cost) => cost.peakBytes)) / 1e6, unit: 'MB' },
    {
      what: `${name}: peak memory per packet`,
      value: median(costs.map((cost) => cost.peakBytes)) / packets,
      unit: 'bytes',
    },
  ];
}

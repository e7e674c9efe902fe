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
/** A loss halves the rate of one flow of many. */
const LOSSY_FLOWS = 16;

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

/** One packet in so many is lost where a path loses any; more, and its few flows would hardly send. */
const ONE_LOST = 100;

/** `bothends analyze` on both files beside programs that read one of them, in turns, so that all meet the same load. */
export const analyze: Case = {
  name: 'analyze',
  title: 'two capture files of bulk TCP beside single-ended tools on one of them',
  async run(bench) {
    return compare(await makeCaptures(bench), bench);
  },
};

/** The same where hardly a window goes by without a loss. */
export const lossy: Case = {
  name: 'lossy',
  title: `the same on a path that loses one packet in ${ONE_LOST}`,
  async run(bench) {
    const { ok, why } = labAvailable();
    if (ok) return compare(await recordBulk(bench, LOSSY_FLOWS, ONE_LOST), bench);
    bench.say(`SKIPPED lossy: ${why}`);
    return [];
  },
};

async function compare(captures: Captures, bench: Bench): Promise<Figure[]> {
  const contestants = contestantsFor(captures, bench);
  const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < bench.rounds; round++) {
    for (const { name, argv } of contestants) costs.get(name)?.push(await measured(argv, bench.now));
  }
  const results = contestants.map((each) => resultOf(each, costs.get(each.name) ?? []));
  return results.flatMap((each) => figuresOf(each, each === results[0] ? null : (results[0] ?? null)));
}

/** Medians of a contestant's runs. */
interface Result {
  readonly name: string;
  readonly packets: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

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

function resultOf({ name, packets }: Contestant, costs: readonly Cost[]): Result {
  return {
    name,
    packets,
    seconds: median(costs.map((cost) => cost.seconds)),
    cpuSeconds: median(costs.map((cost) => cost.cpuSeconds)),
    peakBytes: median(costs.map((cost) => cost.peakBytes)),
  };
}

/** `own`: what `bothends` took, to compare with; null for its own figures. */
function figuresOf(result: Result, own: Result | null): Figure[] {
  const { name, packets, seconds, cpuSeconds, peakBytes } = result;
  const faster = (time: (of: Result) => number) => {
    if (own === null) return {};
    const times = own.packets / time(own) / (packets / time(result));
    return { compared: `bothends has ${times.toFixed(2)} times this rate` };
  };
  return [
    { what: `${name}: time`, value: seconds, unit: 's' },
    { what: `${name}: rate`, value: packets / seconds, unit: 'packets/s', ...faster((of) => of.seconds) },
    { what: `${name}: CPU`, value: cpuSeconds, unit: 's' },
    // On a machine that is busy otherwise this says more than the rate.
    {
      what: `${name}: rate by CPU`,
      value: packets / cpuSeconds,
      unit: 'packets/CPU s',
      ...faster((of) => of.cpuSeconds),
    },
    { what: `${name}: peak memory`, value: peakBytes / 1e6, unit: 'MB' },
    { what: `${name}: peak memory per packet`, value: peakBytes / packets, unit: 'bytes' },
  ];
}

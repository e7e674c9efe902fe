import { join } from 'node:path';
import { BOTHENDS } from '../../lab/fleet.js';
import { type Case, type Figure, median } from '../case.js';
import { measured } from '../measured.js';
import { writeBulk } from '../traffic/bulk.js';

const FEW = 10;
const MANY = 100_000;

/** A flow table of 100 000 connections should cost no more per packet than one of ten. */
export const flows: Case = {
  name: 'flows',
  title: `the same number of packets in ${FEW} and in ${MANY} flows`,
  async run(bench) {
    const figures: Figure[] = [];
    let rateOfFew = 0;
    for (const count of [FEW, MANY]) {
      const paths = (['client', 'server'] as const).map((end) => join(bench.folder, `${count}-${end}.pcap`));
      const bulk = { flows: count, packets: bench.packets };
      const packets =
        writeBulk(paths[0] as string, 'client', bulk) + writeBulk(paths[1] as string, 'server', bulk);
      const seconds: number[] = [];
      for (let round = 0; round < bench.rounds; round++) {
        const argv = [...BOTHENDS, 'analyze', '-o', 'json', ...paths];
        seconds.push((await measured(argv, bench.now)).seconds);
      }
      const rate = packets / median(seconds);
      const compared =
        count === FEW ? {} : { compared: `${(rate / rateOfFew).toFixed(2)} times the rate of ${FEW} flows` };
      if (count === FEW) rateOfFew = rate;
      figures.push({ what: `${count} flows`, value: rate, unit: 'packets/s', ...compared });
    }
    return figures;
  },
};

import { BOTHENDS } from '../../lab/fleet.js';
import { type Bench, type Case, type Figure, median } from '../case.js';
import { report } from '../crowd/captures.js';
import { largeCapture } from '../crowd/large-capture.js';
import { measured } from '../measured.js';

/** A person has pressed Enter and waits: the command's start, the coordinator's answer, the text. */
export const reporting: Case = {
  name: 'report',
  title: 'from the command to what it prints, of a finished capture',
  async run(bench) {
    await using large = await largeCapture(bench, bench.packets / 2);
    const { coordinator, id, packets } = large;
    const flow = (await report(coordinator, id)).flows[0]?.id ?? '';
    const commands = [
      ['report', id],
      ['report', id, '-o', 'html'],
      ['flows', id],
      ['flow', id, flow],
    ];
    const figures: Figure[] = [{ what: 'packets of the capture', value: packets, unit: 'packets' }];
    for (const args of commands) figures.push(...(await timed(bench, coordinator.context, args)));
    return figures;
  },
};

async function timed(bench: Bench, context: string, args: readonly string[]): Promise<Figure[]> {
  const argv = [...BOTHENDS, '--context', context, ...args];
  const costs = [];
  for (let round = 0; round < bench.rounds; round++) costs.push(await measured(argv, bench.now));
  const what = `"${args[0]}${args.includes('html') ? ' -o html' : ''}"`;
  const wall = median(costs.map(({ seconds }) => seconds)) * 1e3;
  const cpu = median(costs.map(({ cpuSeconds }) => cpuSeconds)) * 1e3;
  return [{ what, value: wall, unit: 'ms', compared: `${Math.round(cpu)} ms of its own CPU` }];
}

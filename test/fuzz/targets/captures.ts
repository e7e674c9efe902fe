import { openCaptureFile } from '@bothends/agent';
import { createEngine, createLadder, type EngineLike } from '@bothends/coordinator';
import { PacketTable, type Report } from '@bothends/proto';
import type { Random } from '../../truth/random.js';
import { generate } from '../../truth/run.js';
import { concatenate, mutatePackets } from '../packets.js';
import { expectSaneReport } from '../report-sanity.js';
import { withFiles } from '../scratch.js';
import { ENGINE_OPTIONS, type Input, insist, type Target } from '../target.js';

/** Two captures of a known story with packets hidden, swapped, doubled, moved in time or damaged. */
export const captureTarget: Target = {
  name: 'captures',
  files: ['client.pcap', 'server.pcap'],
  make(random: Random): Input {
    const { client, server } = generate(random.word()).captures;
    const what = random.unit();
    if (what < 0.05) return [client, client];
    if (what < 0.1) return [server, client];
    if (what < 0.2) {
      const foreign = generate(random.word()).captures;
      return [concatenate(client, foreign.client), concatenate(server, foreign.server)];
    }
    return [mutatePackets(client, random), random.chance(0.5) ? mutatePackets(server, random) : server];
  },
  check(input: Input): void {
    withFiles(input, (paths) => {
      const report = analyse(createEngine(ENGINE_OPTIONS), paths);
      expectSaneReport(report);
      const flow = report.flows[0];
      if (flow === undefined) return;
      const ladder = createLadder(ENGINE_OPTIONS, flow.id);
      analyse(ladder, paths);
      insist(ladder.ladder().rows.length > 0, 'a flow with packets has a ladder');
    });
  },
};

function analyse(engine: EngineLike, paths: readonly string[]): Report {
  const table = new PacketTable();
  const taps = paths.map((name) => engine.addTap({ name, role: null, addresses: [] }));
  paths.forEach((path, i) => {
    const tap = taps[i] as number;
    const file = openCaptureFile(path);
    while (file.next(table)) engine.push(tap, table);
    file.close();
    engine.finish(tap);
  });
  return engine.report();
}

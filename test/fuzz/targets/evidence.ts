import { createEngine, type TapCoverage } from '@bothends/coordinator';
import { BothendsError, decodeColumns, PacketTable } from '@bothends/proto';
import { Random } from '../../truth/random.js';
import { generate } from '../../truth/run.js';
import { mutateBytes } from '../mutate.js';
import { expectSaneReport } from '../report-sanity.js';
import { ENGINE_OPTIONS, type Input, insist, type Target } from '../target.js';
import { codedRows } from './batch.js';

/** Two taps whose batches decode to anything, with gaps and clocks to match: what a hostile agent could ship. */
export const evidenceTarget: Target = {
  name: 'evidence',
  files: ['client.columns', 'server.columns', 'coverage.seed'],
  make(random: Random): Input {
    const { client, server } = generate(random.word()).captures;
    const side = (pcap: Uint8Array) => {
      const coded = codedRows(pcap);
      // Most damage does not decode; undamaged columns under wild coverages are cases too.
      return random.chance(0.3) ? coded : mutateBytes(coded, random);
    };
    return [side(client), side(server), random.bytes(4)];
  },
  check([client, server, seed]: Input): void {
    insist(client !== undefined && server !== undefined && seed !== undefined, 'an input has three files');
    const random = new Random(new DataView(seed.buffer, seed.byteOffset).getUint32(0));
    const engine = createEngine(ENGINE_OPTIONS);
    const table = new PacketTable();
    const taps = (['client', 'server'] as const).map((role) =>
      engine.addTap({ name: role, role, addresses: [] }),
    );
    for (const [index, columns] of [client, server].entries()) {
      if (!decodes(columns, table)) continue;
      engine.push(taps[index] as number, table);
      engine.cover(taps[index] as number, wildCoverage(table.baseNs, random));
      expectSaneReport(engine.report());
    }
    if (random.chance(0.5)) {
      engine.prior({
        offsetNs: BigInt(Math.round(random.between(-1e12, 1e12))),
        errorNs: random.scale(1, 1e12),
      });
    }
    for (const tap of taps) engine.finish(tap);
    expectSaneReport(engine.report());
  },
};

function decodes(columns: Uint8Array, table: PacketTable): boolean {
  try {
    decodeColumns(columns, table);
    return table.length > 0;
  } catch (thrown) {
    if (thrown instanceof BothendsError) return false;
    throw thrown;
  }
}

/** Coverage of a tap in the hour around `baseNs`, consistent or not. */
function wildCoverage(baseNs: bigint, random: Random): TapCoverage {
  const time = () => baseNs + BigInt(Math.round(random.between(-1, 1) * random.scale(1e3, 3.6e12)));
  const perhaps = () => (random.chance(0.5) ? time() : null);
  const gap = () => ({
    fromNs: time(),
    toNs: time(),
    packets: random.chance(0.5) ? random.integer(0, 1_000) : null,
    cause: random.pick(['kernel-drop', 'agent-down', 'clock-step', 'something new']),
  });
  return {
    backEnd: 'tcpdump',
    filter: '',
    interfaces: ['any'],
    snaplen: random.integer(0, 65_535),
    openedNs: perhaps(),
    closedNs: perhaps(),
    packets: random.chance(0.5) ? random.integer(0, 10_000) : null,
    kernelDrops: random.chance(0.5) ? random.integer(0, 100) : null,
    agentDrops: random.integer(0, 100),
    timestamps: random.pick(['kernel', 'user', 'file'] as const),
    gaps: Array.from({ length: random.integer(0, 4) }, gap),
    watermarkNs: perhaps(),
  };
}

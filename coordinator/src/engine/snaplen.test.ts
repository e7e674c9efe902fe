import { Layer, Mark, PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Engine } from './engine.js';

/** Packets of which so little was kept that their flow cannot be told. */
function cutPackets(count: number): PacketTable {
  const table = new PacketTable(count);
  table.baseNs = 1_700_000_000_000_000_000n;
  table.length = count;
  table.layer.fill(Layer.network);
  table.marks.fill(Mark.cut);
  table.ipVersion.fill(4);
  table.protocol.fill(6);
  return table;
}

test('packets that the snaplen cut before their flow is known are counted in the report, not passed over', () => {
  const engine = new Engine({ captureId: 'c', captureName: 'c', port: null, vouchComplete: false });
  const client = engine.addTap({ name: 'web', role: 'client', addresses: [] });
  const server = engine.addTap({ name: 'db', role: 'server', addresses: [] });
  engine.push(client, cutPackets(7));
  engine.finish(client);
  engine.finish(server);
  const report = engine.report();
  expect(report.taps.map(({ cutShort }) => cutShort)).toEqual([7, undefined]);
  expect(report.flows).toEqual([]);
});

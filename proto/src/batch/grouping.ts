import type { Grouping } from './flows.js';
import { type ByteReader, corrupt } from './reader.js';
import { readResiduals, unzigzag, writeResiduals, zigzag } from './residual.js';
import { int32, uint16 } from './scratch.js';
import { type ByteWriter, MAX_VARINT32 } from './writer.js';

/** Flags byte: whether any row changes the flow. */
const ONE_FLOW = 0;
const MANY_FLOWS = 1;

/** Every row has a flow. */
const EVERY_ROW = 1;
const everyRow = (count: number) => gateScratch.of(count).fill(EVERY_ROW);

/** Used again for each batch, see Scratch. */
const gateScratch = uint16();
const [residualScratch, flowScratch, parentScratch] = [int32(), int32(), int32()];

/** Writes which flow each row belongs to, as the change from the row before, then each flow's distance to its parent. */
export function writeGrouping(out: ByteWriter, { flow, parent, flowCount }: Grouping): void {
  const residual = residualScratch.of(flow.length);
  residual.fill(0, 0, 1);
  for (let i = 1; i < flow.length; i++) residual[i] = zigzag(flow[i] - flow[i - 1]);
  out.reserve(1);
  const flags = out.position++;
  const many = writeResiduals(out, residual, everyRow(flow.length), EVERY_ROW);
  out.bytes[flags] = many ? MANY_FLOWS : ONE_FLOW;
  out.reserve(MAX_VARINT32 * (flowCount + 1));
  out.varint(flowCount);
  for (let f = 0; f < flowCount; f++) out.varint(f - parent[f]);
}

/** The grouping of `count` rows as writeGrouping wrote it. Throws `data-loss` unless flows appear in order. */
export function readGrouping(input: ByteReader, count: number): Grouping {
  const flow = flowScratch.zeros(count);
  const flags = input.byte();
  if (flags > MANY_FLOWS) throw corrupt(`unknown flags ${flags}`);
  if (flags === MANY_FLOWS) {
    readResiduals(input.byte(), input, flow, everyRow(count), EVERY_ROW);
  }
  let seen = 0;
  for (let i = 0; i < count; i++) {
    flow[i] = (i === 0 ? 0 : flow[i - 1]) + unzigzag(flow[i]);
    if (flow[i] < 0 || flow[i] > seen) throw corrupt('flows are out of order');
    if (flow[i] === seen) seen++;
  }
  return { flow, parent: readParents(input, seen), flowCount: seen };
}

function readParents(input: ByteReader, flowCount: number): Int32Array {
  if (input.varint() !== flowCount) throw corrupt('the number of flows is wrong');
  const parent = parentScratch.of(flowCount);
  for (let f = 0; f < flowCount; f++) {
    const distance = input.varint();
    if (distance > f) throw corrupt('a flow has a parent that is not before it');
    parent[f] = f - distance;
  }
  return parent;
}

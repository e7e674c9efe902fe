import type { PacketTable } from '../packet/table.js';
import { advance } from './advance.js';
import type { Frame } from './frame.js';
import { Gate } from './gates.js';
import { HashIndex, mix } from './hash-index.js';
import { int32 } from './scratch.js';

/** `opposite` of a flow whose other direction is not in the batch. */
const NONE = -1;

/**
 * The reference of acknowledgments: how far the other direction of the connection has got in the rows before. For
 * acknowledgments that come before all of those, it is where the other direction begins. (In a batch of many
 * connections each has few rows, so the acknowledgment before would predict worse.)
 */
export function acknowledged(frame: Frame): void {
  const { table, from, count, gates, flow, flowCount, reference } = frame;
  const next = beginnings(frame);
  const opposite = oppositeFlows(frame, flowCount);
  for (let i = 0; i < count; i++) {
    const other = opposite[flow[i]];
    reference[i] = other === NONE ? 0 : next[other];
    if ((gates[i] & Gate.tcp) === 0) continue;
    const end = (table.sequence[from + i] + advance(table, from + i)) | 0;
    // A segment that is sent again is behind what was acknowledged.
    if (((end - next[flow[i]]) | 0) > 0) next[flow[i]] = end;
  }
}

/** Used again for each batch, see Scratch. */
const [firstScratch, oppositeScratch] = [int32(), int32()];
const tupleIndex = new HashIndex();

/** Sequence number of the first row of each flow. */
function beginnings({ table, from, count, flow, flowCount }: Frame): Int32Array {
  const first = firstScratch.of(flowCount);
  for (let i = count - 1; i >= 0; i--) first[flow[i]] = table.sequence[from + i];
  return first;
}

/**
 * For each flow the one that goes the other way. Worked out from columns that both sides have by then, so that nothing is
 * written for it; two connections that share a hash cost a few bytes and nothing else.
 */
function oppositeFlows(frame: Frame, flowCount: number): Int32Array {
  const { table, from, count, gates, flow } = frame;
  const opposite = oppositeScratch.of(flowCount).fill(NONE);
  const known = tupleIndex.cleared(flowCount);
  let seen = 0;
  for (let i = 0; i < count && seen < flowCount; i++) {
    // Flows are numbered in the order in which they appear.
    if (flow[i] !== seen) continue;
    const own = seen++;
    if ((gates[i] & Gate.tcp) === 0) continue;
    const row = from + i;
    const other = known.values[known.find(hashTuple(table, row, table.destination, table.source, true))];
    if (other !== 0) {
      opposite[own] = other - 1;
      opposite[other - 1] = own;
    } else {
      known.values[known.find(hashTuple(table, row, table.source, table.destination, false))] = own + 1;
    }
  }
  return opposite;
}

/** Hash of addresses and ports of a row, from one side to the other or `turned` round. */
function hashTuple(
  table: PacketTable,
  row: number,
  source: Uint32Array,
  destination: Uint32Array,
  turned: boolean,
): number {
  const near = turned ? table.destinationPort[row] : table.sourcePort[row];
  const far = turned ? table.sourcePort[row] : table.destinationPort[row];
  let hash = mix((near << 16) | far, 0);
  for (let word = row * 4; word < row * 4 + 4; word++) hash = mix(mix(hash, source[word]), destination[word]);
  return hash;
}

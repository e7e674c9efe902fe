import type { PacketTable } from '../packet/table.js';
import { Gate } from './gates.js';
import { HashIndex, mix } from './hash-index.js';
import { int32 } from './scratch.js';

/**
 * Rows grouped into one-way flows; valid until the next batch is. The grouping only chooses what predicts what: two flows that share a
 * hash cost a few bytes and nothing else, so hashes are not verified.
 */
export interface Grouping {
  /** Flow of each row, numbered in order of appearance. */
  readonly flow: Int32Array;
  /** 1 + the number of an earlier flow that resembles this one, 0 for none; one element per flow. */
  readonly parent: Int32Array;
  readonly flowCount: number;
}

/** Used again for each batch, see Scratch. */
const [flowScratch, parentScratch] = [int32(), int32()];
const [contextScratch, firstScratch, lastScratch] = [int32(), int32(), int32()];
const flowIndex = new HashIndex();
const pairIndex = new HashIndex();

/** Groups rows `from`..`from + gates.length - 1` by hosts, protocol, interface, direction and ports. */
export function groupRows(table: PacketTable, from: number, gates: Uint16Array): Grouping {
  const count = gates.length;
  const flow = flowScratch.of(count);
  const parent = parentScratch.of(count);
  const flows = flowIndex.cleared(count);
  const pairs = pairIndex.cleared(count);
  let flowCount = 0;
  for (let i = 0; i < count; i++) {
    const pair = hashPair(table, from + i, gates[i]);
    const known = flows.find(hashPorts(pair, table, from + i, gates[i]));
    if (flows.values[known] !== 0) {
      flow[i] = flows.values[known] - 1;
      continue;
    }
    const relative = pairs.find(pair);
    // The last flow of the same two hosts resembles this one best, else what came just before.
    parent[flowCount] = pairs.values[relative] || (i > 0 ? flow[i - 1] + 1 : 0);
    flow[i] = flowCount++;
    flows.values[known] = flowCount;
    pairs.values[relative] = flowCount;
  }
  return { flow, parent, flowCount };
}

/**
 * The row that predicts each row (1-based, 0 none): the last one of its flow, and for the first of a flow
 * the first row of the parent, so that a SYN is predicted by a SYN.
 */
export function contextOf({ flow, parent, flowCount }: Grouping): Int32Array {
  const context = contextScratch.of(flow.length);
  const first = firstScratch.zeros(flowCount);
  const last = lastScratch.of(flowCount);
  for (let i = 0; i < flow.length; i++) {
    const f = flow[i];
    if (first[f] === 0) {
      const p = parent[f];
      first[f] = i + 1;
      context[i] = p === 0 ? 0 : first[p - 1];
    } else {
      context[i] = last[f];
    }
    last[f] = i + 1;
  }
  return context;
}

function hashPair(table: PacketTable, row: number, gate: number): number {
  const { source, destination } = table;
  const where = (table.ifindex[row] << 3) ^ table.packetType[row];
  if (!(gate & Gate.network)) return mix(where, 0);
  const word = row * 4;
  let hash = mix((where << 8) | table.protocol[row], source[word + 3]);
  hash = mix(hash, destination[word + 3]);
  // The other words of an IPv4 address are the same in all of them.
  if (table.ipVersion[row] === 4) return hash;
  for (let k = word; k < word + 3; k++) hash = mix(mix(hash, source[k]), destination[k]);
  return hash;
}

function hashPorts(pair: number, table: PacketTable, row: number, gate: number): number {
  if (!(gate & Gate.transport)) return pair;
  return mix(pair, (table.sourcePort[row] << 16) | table.destinationPort[row]);
}

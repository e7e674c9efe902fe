import { advance } from './advance.js';
import type { Frame } from './frame.js';
import { Gate } from './gates.js';

/**
 * Fills `frame.reference` with a value per row that follows the column closely, worked out from columns
 * coded before it, so that the difference stays constant along a flow.
 */
export type Reference = (frame: Frame) => void;

/** The lengths of a packet move together: link and payload length follow the IP length. */
export function ipLength({ table, from, count, gates, reference }: Frame): void {
  for (let i = 0; i < count; i++) {
    reference[i] = gates[i] & Gate.network ? table.ipLength[from + i] : 0;
  }
}

/** What is captured is the packet up to the snaplen. */
export function captured({ table, from, count, snaplen, reference }: Frame): void {
  for (let i = 0; i < count; i++) reference[i] = Math.min(table.wireLength[from + i], snaplen);
}

/** A sequence number goes on where the flow's last packet ended; SYN and FIN take one number each. */
export function sequence({ table, from, count, gates, context, reference }: Frame): void {
  for (let i = 0; i < count; i++) {
    const last = context[i] - 1;
    const taken = last >= 0 && gates[last] & Gate.tcp ? advance(table, from + last) : 0;
    reference[i] = last < 0 ? 0 : reference[last] + taken;
  }
}

/** Linux counts IPv4 identifications up by one per packet of a socket; IPv6 has one only in fragments. */
export function ipIdentification({ table, from, count, context, reference }: Frame): void {
  for (let i = 0; i < count; i++) {
    const last = context[i] - 1;
    const step = table.ipVersion[from + i] === 4 ? 1 : 0;
    reference[i] = last < 0 ? 0 : reference[last] + step;
  }
}

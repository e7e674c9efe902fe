import { grown } from './growth.js';

/**
 * What the engine keeps per flow while packets stream by, as rows of float64 in one growing array: a row
 * is a few cache lines, so that a hundred thousand flows cost no more per packet than ten.
 *
 * A flow has two directions (0: from endpoint a of its key to b) and is seen at two taps, hence four sides:
 * what one tap saw of one direction.
 */

// Words that nearly every packet touches come first in each row, so that it takes few cache lines.

/** Side: packets seen, after folding double captures; of them those matched. */
export const PACKETS = 0;
export const MATCHED = 1;
/** Side: list of unmatched records: length, oldest, newest, where a range search goes on, oldest not indexed yet (-1: none). */
export const WAITING = 2;
export const HEAD = 3;
export const TAIL = 4;
export const CURSOR = 5;
export const UNINDEXED = 6;
/** Side: last time a packet carried data. */
export const DATA_TIME = 7;
/** Side: first raw sequence number (the ISN after a SYN), and highest end of data, unwrapped from it. */
export const SEQ_BASE = 8;
export const SEQ_END = 9;
/** Side: payload bytes seen, wire segments, largest payload of a packet (virtual segments counted). */
export const BYTES = 10;
export const SEGMENTS = 11;
export const LARGEST = 12;
/** Side: last IP id of a packet that counts ids (nonzero), and that packet's segments, by which the next id grows. */
export const IP_ID = 13;
export const LAST_SEGMENTS = 14;
/** Side: time of the last packet, tap's clock, ns. */
export const LAST_TIME = 15;
/** Side: how often the IP id went on by the segments sent. */
export const ID_STEPS = 16;
/** Side: last acknowledgment (raw), window (unscaled), TCP time stamp value, flow label (of no RST). */
export const LAST_ACK = 17;
export const WINDOW = 18;
export const TSVAL = 19;
export const LABEL = 20;
/** Side: when a zero window began (NaN: none); end of stream (unwrapped) where a FIN was seen, NaN otherwise. */
export const ZERO_SINCE = 21;
export const FIN_END = 22;
/** Side: TTL and TOS of the first packet that is no RST; -1 before it. */
export const TTL = 23;
export const TOS = 24;
/** Side: a packet that the kernel said it sent itself (packet type "outgoing") was seen here. */
export const OUTGOING = 25;
/** Side: time of the first packet, tap's clock, ns. */
export const FIRST_TIME = 26;
/** Side: how often the IP id did not go on. */
export const ID_BREAKS = 27;
/** Side: answers (data after data of the other direction): how many, total and longest wait, ns. */
export const TURNS = 28;
export const TURN_TOTAL = 29;
export const TURN_LONGEST = 30;
/** Side: MSS, window shift and options (TcpOption bits) of its SYN, -1 where no SYN or no option was seen. */
export const MSS = 31;
export const WSCALE = 32;
export const SYN_OPTIONS = 33;
/** Side: total time of zero windows, ns. */
export const ZERO_TOTAL = 34;
/** Side: data segments that carried only bytes seen before at this tap; data packets before their turn (a hole filled later). */
export const REPEATS = 35;
export const LATE_FILLS = 36;
/** Side: when its sender was last seen to skip bytes. */
export const HOLE_TIME = 37;
/** Side: unmatched records evicted for want of room. */
export const EVICTED = 38;
/** Side: copies of a packet already matched (duplicated on the path). */
export const COPIES = 39;
/** Side: where the body of its last HTTP/1 head with a Content-Length ends (unwrapped as SEQ_END), NaN: none; 1 after a HEAD. */
export const HTTP_DUE = 40;
export const HTTP_HEAD = 41;
/** Side: packets whose transport checksum is wrong. */
export const BAD_CHECKSUMS = 42;
export const SIDE_WORDS = 43;

/** Direction: sequence numbers at tap 1 minus those at tap 0 (ISN rewriting), 0 by default. */
export const SEQ_DELTA = 0;
/** Direction: 1 while the path is believed to keep IP ids and TCP time stamps. */
export const ID_KEPT = 1;
export const TS_KEPT = 2;
/** Direction: sender's tap found (0 or 1), -1 before. */
export const SENDER_TAP = 3;
/** Direction: matched packets. */
export const PAIRS = 4;
/** Direction: payload bytes of a full segment without time stamps, by the SYNs of both ends. */
export const SEGMENT = 5;
/** Direction: largest IP length delivered. */
export const DELIVERED_SIZE = 6;
/** Direction: sum over pairs of TTL at tap 0 minus TTL at tap 1, sign of the first difference. */
export const TTL_DIFF = 7;
/** Direction: lowest and highest time at tap 1 minus time at tap 0 over matched packets, and when (tap 0). */
export const MIN_DIFF = 8;
export const MAX_DIFF = 9;
export const MIN_DIFF_AT = 10;
export const MAX_DIFF_AT = 11;
/** Direction: highest packet numbers of matched pairs so far, and their times, per tap. */
export const TOP_NUMBER_0 = 12;
export const TOP_NUMBER_1 = 13;
export const TOP_TIME_0 = 14;
export const TOP_TIME_1 = 15;
/** Direction: pairs with other payload; with other TOS; with ECN marks lost or set on the way; whose ids alone differ. */
export const ALTERED = 16;
export const TOS_CHANGED = 17;
export const ECN_CHANGED = 18;
export const ID_CHANGED = 19;
/** Direction: pairs whose ECN bits (or ECN flags of the SYN) are set at one tap and gone at tap 0, at tap 1. */
export const ECN_GONE_0 = 20;
export const ECN_GONE_1 = 21;
/** Direction: packets out of order that came late at tap 0, at tap 1 (the receiver's counts); longest delay, ns. */
export const LATE_AT_0 = 22;
export const LATE_AT_1 = 23;
export const LATE_NS = 24;
/** Direction: packets that came when their bytes were there already, at tap 0, at tap 1, sent once at the other. */
export const OVERDUE_AT_0 = 25;
export const OVERDUE_AT_1 = 26;
export const DIRECTION_WORDS = 27;

/** Records that a flow holds per tap because they are its most recent there: the context of a RST. A power of two. */
export const RECENT = 8;
/** Flow: time of its last packet per tap, for idle gaps. */
export const LAST_SEEN_0 = 0;
export const LAST_SEEN_1 = 1;
/** Flow: packets still to be kept after a RST, per tap. */
export const AFTERMATH_0 = 2;
export const AFTERMATH_1 = 3;
/** Flow: rings of recent records per tap (-1: empty place), and where each goes on. */
export const RECENT_NEXT_0 = 4;
export const RECENT_NEXT_1 = 5;
export const RECENT_0 = 6;
export const RECENT_1 = RECENT_0 + RECENT;
/** Flow: direction of the initiator's packets (0, 1), known from a SYN or SYN-ACK; -1 before. */
export const INITIATOR = RECENT_1 + RECENT;
/** Flow: RSTs seen, in all and per tap. */
export const RESETS = INITIATOR + 1;
export const RESETS_0 = RESETS + 1;
export const RESETS_1 = RESETS + 2;
/** Flow: notable records kept, of them retransmissions; their list in the order they came: first, last. */
export const NOTABLE = RESETS + 3;
export const REPEATS_KEPT = NOTABLE + 1;
export const NOTABLE_HEAD = NOTABLE + 2;
export const NOTABLE_TAIL = NOTABLE + 3;
/** Flow: longest idle gap whose next packet was delivered, ns. */
export const SURVIVED = NOTABLE + 4;
/** Flow: what applications said in its notable records, bits of `Hint`. */
export const HINTS = SURVIVED + 1;
/** Flow: where more of its records are put away, and where in what stands there they begin; -1: all are here. */
export const PUT_AWAY = HINTS + 1;
export const PUT_AWAY_FROM = PUT_AWAY + 1;
export const FLOW_WORDS = PUT_AWAY_FROM + 1;

/** Rows of a flow, one after the other: its own, those of its directions, and those of its sides. */
export const DIRECTIONS = 2;
export const SIDES = 4;
export const DIRECTIONS_FROM = FLOW_WORDS;
export const SIDES_FROM = DIRECTIONS_FROM + DIRECTIONS * DIRECTION_WORDS;
/** In all; a multiple of eight, so that each flow begins a cache line. */
export const PLACE_WORDS = Math.ceil((SIDES_FROM + SIDES * SIDE_WORDS) / 8) * 8;

/** Flows to make room for at first. */
const INITIAL_PLACES = 256;

/** Places for the rows of flows. Those of one flow stand together: a packet touches most of them. */
export class Rows {
  data = new Float64Array(INITIAL_PLACES * PLACE_WORDS);
  /** Places that there are. */
  count = 0;

  /** Makes `more` blank places. */
  add(more: number): void {
    const first = this.count;
    this.count += more;
    let capacity = this.data.length / PLACE_WORDS;
    while (capacity < this.count) capacity = grown(capacity, PLACE_WORDS * Float64Array.BYTES_PER_ELEMENT);
    if (capacity * PLACE_WORDS > this.data.length) {
      const larger = new Float64Array(capacity * PLACE_WORDS);
      larger.set(this.data);
      this.data = larger;
    }
    for (let place = first; place < this.count; place++) this.blank(place);
  }

  /** Makes a place as it was at first. */
  blank(place: number): void {
    this.data.set(BLANK_PLACE, place * PLACE_WORDS);
  }
}

function blankRow(words: number, values: Readonly<Record<number, number>>): Float64Array {
  const row = new Float64Array(words);
  for (const [index, value] of Object.entries(values)) row[Number(index)] = value;
  return row;
}

export const BLANK_SIDE = blankRow(SIDE_WORDS, {
  [SEQ_BASE]: -1,
  [TTL]: -1,
  [TOS]: -1,
  [IP_ID]: -1,
  [LAST_ACK]: -1,
  [WINDOW]: -1,
  [ZERO_SINCE]: Number.NaN,
  [HEAD]: -1,
  [TAIL]: -1,
  [CURSOR]: -1,
  [UNINDEXED]: -1,
  [DATA_TIME]: Number.NaN,
  [FIRST_TIME]: Number.NaN,
  [LAST_TIME]: Number.NaN,
  [MSS]: -1,
  [SYN_OPTIONS]: -1,
  [WSCALE]: -1,
  [FIN_END]: Number.NaN,
  [HOLE_TIME]: Number.NEGATIVE_INFINITY,
  [HTTP_DUE]: Number.NaN,
});

export const BLANK_DIRECTION = blankRow(DIRECTION_WORDS, {
  [ID_KEPT]: 1,
  [TS_KEPT]: 1,
  [MIN_DIFF]: Number.POSITIVE_INFINITY,
  [MAX_DIFF]: Number.NEGATIVE_INFINITY,
  [SENDER_TAP]: -1,
});

export const BLANK_FLOW = blankRow(FLOW_WORDS, {
  ...Object.fromEntries(Array.from({ length: 2 * RECENT }, (_, i) => [RECENT_0 + i, -1])),
  [INITIATOR]: -1,
  [NOTABLE_HEAD]: -1,
  [NOTABLE_TAIL]: -1,
  [PUT_AWAY]: -1,
  [LAST_SEEN_0]: Number.NaN,
  [LAST_SEEN_1]: Number.NaN,
});

const BLANK_PLACE = new Float64Array(PLACE_WORDS);
BLANK_PLACE.set(BLANK_FLOW);
for (let i = 0; i < DIRECTIONS; i++) BLANK_PLACE.set(BLANK_DIRECTION, DIRECTIONS_FROM + i * DIRECTION_WORDS);
for (let i = 0; i < SIDES; i++) BLANK_PLACE.set(BLANK_SIDE, SIDES_FROM + i * SIDE_WORDS);

import { BOTH_WAYS, type FlowFacts } from '../facts/flow-facts.js';
import type { Toward } from '../facts/packet.js';
import * as Row from '../flows/rows.js';
import { slowness } from './app/slow.js';

/** Words of a side that are 0 where nothing happened, and words that both taps agree on where the path changed nothing. */
const SIDE_EVENTS = [
  Row.REPEATS,
  Row.COPIES,
  Row.LATE_FILLS,
  Row.BAD_CHECKSUMS,
  Row.EVICTED,
  Row.WAITING,
  Row.ZERO_TOTAL,
] as const;
const AGREED = [
  Row.PACKETS,
  Row.BYTES,
  Row.SEQ_BASE,
  Row.SEQ_END,
  Row.MSS,
  Row.WSCALE,
  Row.SYN_OPTIONS,
] as const;

/** Words of a direction that are 0 where the path changed nothing. */
const PATH_EVENTS = [
  Row.SEQ_DELTA,
  Row.ALTERED,
  Row.TOS_CHANGED,
  Row.ECN_CHANGED,
  Row.ECN_GONE_0,
  Row.ECN_GONE_1,
  Row.ID_CHANGED,
  Row.LATE_AT_0,
  Row.LATE_AT_1,
  Row.OVERDUE_AT_0,
  Row.OVERDUE_AT_1,
] as const;

/**
 * A TCP connection that carried data both ways and of which the rows already say that no rule has anything to say: all of
 * it was matched, unchanged and in order, nobody reset, stalled or took long. Nearly all flows of a large capture are so,
 * and asking every rule about each costs more than all else in a report. `test/property/foretold.test.ts` holds it.
 */
export function isUneventful(flow: FlowFacts): boolean {
  if (!isPlain(flow)) return false;
  for (const toward of BOTH_WAYS) {
    if (flow.path(toward, Row.PAIRS) === 0 || flow.sent(toward, Row.BYTES) === 0) return false;
    if (!isUnchanged(flow, toward)) return false;
  }
  return slowness(flow).length === 0;
}

/** A TCP connection of the two hosts, by one tuple, that nobody reset, and whose packets told nothing of an application. */
export function isPlain(flow: FlowFacts): boolean {
  if (flow.protocol !== 'tcp' || flow.serverView !== null || flow.belongs !== 'yes') return false;
  return flow.flowWord(Row.RESETS) === 0 && flow.flowWord(Row.HINTS) === 0;
}

/** Both taps saw the same of a direction, and nothing happened there. */
export function isUnchanged(flow: FlowFacts, toward: Toward): boolean {
  const { store } = flow.capture.intake;
  const [d, s] = [store.directions.data, store.sides.data];
  const direction = flow.direction(toward);
  const row = store.direction(flow.flow, direction);
  for (const word of PATH_EVENTS) if (d[row + word] !== 0) return false;
  const [a, b] = [store.side(flow.flow, direction, 0), store.side(flow.flow, direction, 1)];
  for (const word of AGREED) if (s[a + word] !== s[b + word]) return false;
  return isCalm(s, a) && isCalm(s, b);
}

function isCalm(s: Float64Array, side: number): boolean {
  for (const word of SIDE_EVENTS) if (s[side + word] !== 0) return false;
  return Number.isNaN(s[side + Row.ZERO_SINCE]) && Number.isNaN(s[side + Row.HTTP_DUE]);
}

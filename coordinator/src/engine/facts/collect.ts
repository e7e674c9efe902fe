import { Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { Fate, IcmpError, Packet, Sighting, Toward } from './packet.js';
import type { Witness } from './witness.js';

/** Makes packets of the records that are still alive for a flow, oldest first on tap 0's clock. */
export function collectPackets(
  intake: Intake,
  witness: Witness,
  flow: number,
  clientDirection: 0 | 1,
  senderTaps: readonly [0 | 1, 0 | 1],
): Packet[] {
  const records = liveRecords(intake, flow);
  const alive = new Set(records);
  const answers = answersSeen(intake, records);
  const packets: Packet[] = [];
  for (const r of records) {
    const senderTap = senderTaps[intake.store.records.direction[r]];
    if (isShownByPeer(intake, r, senderTap, alive)) continue;
    packets.push(toPacket(intake, witness, r, clientDirection, senderTap, answers));
  }
  return packets.sort((a, b) => a.at - b.at || inOrderOfTaps(a, b));
}

/** The longest pause of a flow before a packet whose record is still alive, ns; 0 where there was none. */
export function longestIdle(intake: Intake, flow: number): number {
  const { records } = intake.store;
  let longest = 0;
  for (const r of liveRecords(intake, flow))
    if (records.state[r] & State.afterIdle) longest = Math.max(longest, records.gap[r]);
  return longest;
}

/** At one moment as the tap that `at` is from numbered them: a record's own number says only which place was free. */
function inOrderOfTaps(a: Packet, b: Packet): number {
  const [first, second] = [a.sent ?? a.received, b.sent ?? b.received];
  if (first?.tap === second?.tap) return (first?.number ?? 0) - (second?.number ?? 0);
  // Of two taps neither comes first: those toward the server do, whichever file was named first.
  return Number(a.toward === 'toward-client') - Number(b.toward === 'toward-client');
}

/** The records that are still alive for a flow: notable, recent, or without a match. */
export function liveRecords(intake: Intake, flow: number): number[] {
  const { store } = intake;
  const all = new Set<number>(store.notable(flow));
  for (let tap = 0; tap < 2; tap++) for (const r of store.recent(flow, tap)) all.add(r);
  for (let direction = 0; direction < 2; direction++) {
    for (let tap = 0; tap < 2; tap++)
      for (const r of intake.matcher.waiting(store.side(flow, direction, tap))) all.add(r);
  }
  return [...all];
}

/**
 * For a packet seen at one tap: when the other tap first saw a packet arrive that had left this tap later. Whatever
 * came in before that had left the other end earlier still. NaN where there is none.
 */
function answersSeen(intake: Intake, live: readonly number[]): (r: number) => number {
  const { records } = intake.store;
  const matched = live.filter((c) => records.state[c] & State.matched && records.peer[c] >= 0);
  return (r) => {
    let earliest = Number.NaN;
    for (const c of matched) {
      if (records.direction[c] === records.direction[r]) continue;
      const own = records.tap[c] === records.tap[r];
      const left = own ? records.number[c] : records.peerNumber[c];
      const arrived = own ? records.peerTime[c] : records.time[c];
      if (left > records.number[r] && !(earliest <= arrived)) earliest = arrived;
    }
    return earliest;
  };
}

/** A received packet whose record at the sender's end is here too is that one's sighting, not a packet of its own. */
function isShownByPeer(intake: Intake, r: number, senderTap: number, alive: Set<number>): boolean {
  const { records } = intake.store;
  if (records.tap[r] === senderTap) return false;
  const peer = records.peer[r];
  if (!(records.state[r] & State.matched) || peer < 0 || !alive.has(peer)) return false;
  return records.number[peer] === records.peerNumber[r] && records.tap[peer] === senderTap;
}

function toPacket(
  intake: Intake,
  witness: Witness,
  r: number,
  clientDirection: 0 | 1,
  senderTap: 0 | 1,
  answers: (r: number) => number,
): Packet {
  const { records } = intake.store;
  const tap = records.tap[r] as 0 | 1;
  const own: Sighting = { tap, number: records.number[r], time: records.time[r], ttl: records.ttl[r] };
  const other = otherSighting(intake, r);
  const atSender = tap === senderTap;
  const isIcmp = (records.state[r] & State.icmpError) !== 0;
  const { fate, vouching } = fateOf(intake, witness, r, atSender, answers);
  const toward: Toward = records.direction[r] === clientDirection ? 'toward-server' : 'toward-client';
  const isTcp = intake.store.table.protocol(records.flow[r]) === 6 && !isIcmp;
  return {
    record: r,
    toward,
    sent: atSender ? own : other,
    received: atSender ? other : own,
    fate,
    vouching,
    at: momentOf(intake, atSender ? own : (other ?? own)),
    seenBy: tap,
    flags: isTcp ? records.flags[r] : 0,
    sequence: records.sequence[r],
    relative: relativeSequence(intake, r),
    acknowledgment: records.acknowledgment[r],
    length: records.length[r],
    covered: records.covered[r],
    ipLength: records.ipLength[r],
    ipVersion: records.ipVersion[r],
    ipId: records.ipId[r],
    ipFlags: records.ipFlags[r],
    window: records.window[r],
    ttl: records.ttl[r],
    ifindex: records.ifindex[r],
    tos: records.tos[r],
    flowLabel: records.flowLabel[r],
    timestampValue: records.timestampValue[r],
    timestampEcho: records.timestampEcho[r],
    options: records.options[r],
    mss: isTcp && records.flags[r] & Tcp.syn ? records.mss[r] : 0,
    wscale: isTcp && records.flags[r] & Tcp.syn ? records.wscale[r] : 255,
    sackCount: records.sackCount[r],
    idle: records.state[r] & State.afterIdle ? records.gap[r] : 0,
    translated: translatedAt(records.state[r], tap),
    copy: (records.state[r] & State.copy) !== 0,
    altered: (records.state[r] & State.altered) !== 0,
    repeat: (records.state[r] & State.repeat) !== 0,
    icmp: isIcmp ? icmpError(intake, r) : null,
    tls: tlsOf(intake, r),
    dns: dnsOf(intake, r),
    http: httpOf(intake, r),
  };
}

function momentOf(intake: Intake, { tap, time }: Sighting): number {
  return intake.timeline.common(tap, time);
}

function translatedAt(state: number, tap: number): readonly [boolean, boolean] {
  const own = (state & State.translated) !== 0;
  const other = (state & State.peerTranslated) !== 0;
  return tap === 0 ? [own, other] : [other, own];
}

function otherSighting(intake: Intake, r: number): Sighting | null {
  const { records } = intake.store;
  if (records.peer[r] < 0) return null;
  if (!(records.state[r] & State.matched)) return null;
  const tap = (1 - records.tap[r]) as 0 | 1;
  return { tap, number: records.peerNumber[r], time: records.peerTime[r], ttl: records.peerTtl[r] };
}

function fateOf(
  intake: Intake,
  witness: Witness,
  r: number,
  atSender: boolean,
  answers: (r: number) => number,
): { fate: Fate; vouching: Packet['vouching'] } {
  const { records } = intake.store;
  if (records.state[r] & State.matched) return { fate: 'delivered', vouching: null };
  const tap = records.tap[r] as 0 | 1;
  const whole = atSender
    ? witness.arrival(tap, records.time[r], openedBefore(intake, r))
    : witness.departure(tap, records.time[r], firstSeenAtFarTap(intake, r), answers(r));
  const vouching = isInPart(intake, r) ? witness.aboutFragment(tap, whole) : whole;
  if (vouching.level === 'failed' || vouching.level === 'open') return { fate: 'unknown', vouching };
  return { fate: atSender ? 'lost' : 'injected', vouching };
}

/** What is missing of it is a fragment that does not begin its datagram. */
function isInPart(intake: Intake, r: number): boolean {
  const { records } = intake.store;
  if (intake.store.table.protocol(records.flow[r]) !== 17) return false;
  return records.covered[r] > 0 || records.sequence[r] > 0;
}

/**
 * When the far tap saw the SYN that opened the record's flow come from its own host: whatever the other end sends
 * comes after that. NaN where it did not.
 */
function openedBefore(intake: Intake, r: number): number {
  const { records, sides } = intake.store;
  const back = intake.store.side(records.flow[r], 1 - records.direction[r], 1 - records.tap[r]);
  return sides.data[back + Row.SYN_OPTIONS] < 0 ? Number.NaN : sides.data[back + Row.FIRST_TIME];
}

/** When the far tap saw the flow's first packet, if that was its SYN: nothing of the flow left that host before. */
function firstSeenAtFarTap(intake: Intake, r: number): number {
  const { records, sides } = intake.store;
  if (records.flags[r] & Tcp.syn) return Number.NaN;
  let first = Number.NaN;
  for (let direction = 0; direction < 2; direction++) {
    const side = intake.store.side(records.flow[r], direction, 1 - records.tap[r]);
    const time = sides.data[side + Row.FIRST_TIME];
    if (sides.data[side + Row.SYN_OPTIONS] >= 0 && !(first <= time)) first = time;
  }
  return first;
}

function relativeSequence(intake: Intake, r: number): number {
  const { records, sides } = intake.store;
  const base =
    sides.data[intake.store.side(records.flow[r], records.direction[r], records.tap[r]) + Row.SEQ_BASE];
  return base < 0 ? records.sequence[r] : (records.sequence[r] - base) >>> 0;
}

function icmpError(intake: Intake, r: number): IcmpError {
  const { records } = intake.store;
  return {
    type: records.icmpType[r],
    code: records.icmpCode[r],
    mtu: records.icmpMtu[r],
    from: intake.text(records.icmpSource, r * 4),
    sequence: records.sequence[r],
    ipId: records.acknowledgment[r],
  };
}

function tlsOf(intake: Intake, r: number): Packet['tls'] {
  const { records } = intake.store;
  if (records.tlsRecord[r] === 0) return null;
  return {
    record: records.tlsRecord[r],
    handshake: records.tlsHandshake[r],
    alertLevel: records.tlsAlertLevel[r],
    alert: records.tlsAlert[r],
  };
}

function dnsOf(intake: Intake, r: number): Packet['dns'] {
  const { records } = intake.store;
  if (records.dnsType[r] === 0 && records.dnsFlags[r] === 0) return null;
  return {
    id: records.dnsId[r],
    flags: records.dnsFlags[r],
    type: records.dnsType[r],
    name: records.nameLow[r],
  };
}

function httpOf(intake: Intake, r: number): Packet['http'] {
  const { records } = intake.store;
  if (records.httpKind[r] === 0) return null;
  return {
    kind: records.httpKind[r],
    status: records.httpStatus[r],
    length: records.httpLength[r],
    headLength: records.httpHeadLength[r],
  };
}

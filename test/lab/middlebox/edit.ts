import { type Frame, flagsOf, isTcpFrame, repairChecksums, setTos, TCP, tosOf } from './frame.js';
import type { BoxAction, Toward } from './rules.js';

const OPTION = { end: 0, nop: 1, mss: 2, sack: 5 } as const;
const ACK = 16;

/** Actions that change a packet and let it go on. */
export type Edit = Extract<
  BoxAction,
  { do: 'corrupt' | 'strip-option' | 'clamp-mss' | 'shift-sequence' | 'set-dscp' | 'clear-ecn' }
>;

/** Applies an edit in place; false when there was nothing to change. */
export function applyEdit(frame: Frame, toward: Toward, edit: Edit): boolean {
  const changed = change(frame, toward, edit);
  if (changed && !(edit.do === 'corrupt' && !edit.repair)) repairChecksums(frame);
  return changed;
}

function change(frame: Frame, toward: Toward, edit: Edit): boolean {
  switch (edit.do) {
    case 'corrupt':
      return corrupt(frame, edit.at);
    case 'strip-option':
      return eachOption(frame, edit.kind, (at, length) => frame.bytes.fill(OPTION.nop, at, at + length));
    case 'clamp-mss':
      return clampMss(frame, edit.mss);
    case 'shift-sequence':
      return shiftSequence(frame, toward, edit.delta);
    case 'set-dscp':
      return setTosTo(frame, (edit.dscp << 2) | (tosOf(frame) & 3));
    case 'clear-ecn':
      return setTosTo(frame, tosOf(frame) & ~3);
  }
}

function corrupt(frame: Frame, at: number): boolean {
  if (frame.payload + at >= frame.end) return false;
  frame.bytes[frame.payload + at] ^= 0x20;
  return true;
}

function setTosTo(frame: Frame, tos: number): boolean {
  if (tosOf(frame) === tos) return false;
  setTos(frame, tos);
  return true;
}

function clampMss(frame: Frame, limit: number): boolean {
  let lowered = false;
  eachOption(frame, OPTION.mss, (at) => {
    if (frame.view.getUint16(at + 2) <= limit) return;
    frame.view.setUint16(at + 2, limit);
    lowered = true;
  });
  return lowered;
}

/** Moves the client's numbers: its own toward the server, their acknowledgments toward the client. */
function shiftSequence(frame: Frame, toward: Toward, delta: number): boolean {
  if (!isTcpFrame(frame)) return false;
  const add = (at: number, by: number) => frame.view.setUint32(at, (frame.view.getUint32(at) + by) >>> 0);
  if (toward === 'toward-server') add(frame.transport + TCP.sequence, delta);
  else if (flagsOf(frame) & ACK) add(frame.transport + TCP.acknowledgment, -delta);
  if (toward === 'toward-server') return true;
  eachOption(frame, OPTION.sack, (at, length) => {
    for (let edge = at + 2; edge + 4 <= at + length; edge += 4) add(edge, -delta);
  });
  return true;
}

/** Calls `visit` with the place and length of each option of a kind; true when there was one. */
function eachOption(frame: Frame, kind: number, visit: (at: number, length: number) => void): boolean {
  if (!isTcpFrame(frame)) return false;
  let found = false;
  let at = frame.transport + TCP.options;
  while (at < frame.payload && frame.bytes[at] !== OPTION.end) {
    const length = frame.bytes[at] === OPTION.nop ? 1 : frame.bytes[at + 1];
    if (length < 1 || at + length > frame.payload) return found;
    if (frame.bytes[at] === kind) {
      visit(at, length);
      found = true;
    }
    at += length;
  }
  return found;
}

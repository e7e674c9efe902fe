import { Layer, Mark, type PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { FRAMES } from './frames.js';
import { decodeAt, decodeFrame, rowOf } from './rows.js';

const ROOM = 64;

/** The row of the first `captured` bytes, lying between bytes of one value. */
function between(name: string, captured: number, around: number): Record<string, number[]> {
  const frame = FRAMES[name];
  if (frame === undefined) throw new Error(`no frame ${name}`);
  const buffer = new Uint8Array(captured + 2 * ROOM).fill(around);
  return rowOf(decodeAt(frame, captured, buffer, ROOM));
}

describe.each(Object.keys(FRAMES))('%s, cut at every length', (name) => {
  const frame = FRAMES[name] as (typeof FRAMES)[string];

  it('depends on nothing but the bytes that were captured', () => {
    for (let captured = 0; captured <= frame.bytes.length; captured++) {
      expect(between(name, captured, 0x00)).toEqual(between(name, captured, 0xff));
    }
  });

  it('is marked as cut wherever a header is missing', () => {
    const whole = decodeFrame(frame);
    for (let captured = 0; captured < frame.bytes.length; captured++) {
      const cut = decodeAt(frame, captured, new Uint8Array(captured), 0);
      if (lessWasRead(cut, whole)) expect((cut.marks[0] as number) & Mark.cut).toBe(Mark.cut);
      expect(cut.wireLength[0]).toBe(frame.bytes.length);
    }
  });
});

/** Tunnels whose inner header is cut show less than the whole packet does, too. */
function lessWasRead(cut: PacketTable, whole: PacketTable): boolean {
  const sameTunnel = cut.tunnel[0] === whole.tunnel[0];
  return (
    sameTunnel && (cut.layer[0] as number) < (whole.layer[0] as number) && whole.layer[0] === Layer.transport
  );
}

import type { CaptureFile } from '@bothends/agent';
import type { EngineLike } from '@bothends/coordinator';
import { NS_PER_S, PacketTable } from '@bothends/proto';
import type { Amount } from './progress.js';
import { coverageOf } from './source.js';

export interface FileTap {
  readonly file: CaptureFile;
  readonly name: string;
}

/**
 * Captures that begin further apart than this differ in their clocks rather than in their start: people who want
 * both ends start both within minutes.
 */
const START_TOGETHER_NS = 600 * NS_PER_S;

/** One file on its way into the engine, one table ahead. */
class Lane {
  readonly file: CaptureFile;
  readonly tap: number;
  /** The next packets to push. */
  readonly table = new PacketTable();
  /** ns to add to the table's times to compare them with the other lane's. */
  shiftNs = 0;
  open: boolean;

  constructor(file: CaptureFile, tap: number) {
    this.file = file;
    this.tap = tap;
    this.open = file.next(this.table);
  }

  /** Time of the next packet. */
  get positionNs(): number {
    return (this.table.time[0] as number) + this.shiftNs;
  }
}

/**
 * Pushes all packets of both files into the engine, always of the file that is behind in time, so that few packets
 * wait for their match whatever the sizes of the files.
 */
export function pump(
  engine: EngineLike,
  taps: readonly FileTap[],
  onProgress: (amount: Amount) => void,
): void {
  const lanes = taps.map(
    ({ file, name }) => new Lane(file, engine.addTap({ name, role: null, addresses: [] })),
  );
  align(lanes);
  for (const lane of lanes) if (!lane.open) complete(engine, lane);
  const bytesTotal = taps.reduce((sum, { file }) => sum + file.bytesTotal, 0);
  let packets = 0;
  for (let lane = behind(lanes); lane !== null; lane = behind(lanes)) {
    engine.push(lane.tap, lane.table);
    packets += lane.table.length;
    lane.open = lane.file.next(lane.table);
    if (!lane.open) complete(engine, lane);
    onProgress({ packets, bytesTotal, bytesRead: taps.reduce((sum, t) => sum + t.file.bytesRead, 0) });
  }
}

/** At its end a file knows what it can vouch for, and what waits for it need not wait any longer. */
function complete(engine: EngineLike, { file, tap }: Lane): void {
  engine.cover(tap, coverageOf(file.info));
  engine.finish(tap);
}

/** Puts the lanes on one time line: their clocks' where those can be right, else from the first packet of each. */
function align(lanes: readonly Lane[]): void {
  const open = lanes.filter((lane) => lane.open);
  const first = open[0];
  if (!first) return;
  const apart = open.map((lane) => Number(lane.table.baseNs - first.table.baseNs));
  if (apart.some((ns) => Math.abs(ns) > START_TOGETHER_NS)) return;
  open.forEach((lane, i) => {
    lane.shiftNs = apart[i] as number;
  });
}

/** The lane whose next packet is the earliest; null when all are at their end. */
function behind(lanes: readonly Lane[]): Lane | null {
  let earliest: Lane | null = null;
  for (const lane of lanes) {
    if (lane.open && (earliest === null || lane.positionNs < earliest.positionNs)) earliest = lane;
  }
  return earliest;
}

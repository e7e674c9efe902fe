import { BundleFile } from '@bothends/coordinator/bundle';
import { formatDuration, PacketType, parseInstant, type Report, type TapReport } from '@bothends/proto';
import {
  Direction,
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  type Stamp,
  sectionHeader,
  stampOf,
} from '@bothends/proto/pcapng/blocks';
import { version } from '../version.js';
import { PacketComments } from './comments.js';
import { MAX_HEADERS, rebuildHeaders } from './headers.js';
import type { NewFile } from './new-file.js';
import { PacketCursor } from './packet-cursor.js';
import { CommonTime } from './timeline.js';

const WORD = 2 ** 32;

/** LINKTYPE_RAW: packets begin with their IP header. */
const LINKTYPE_RAW = 101;

/** One tap on its way into the file. */
interface Lane {
  readonly index: number;
  readonly report: TapReport;
  readonly cursor: PacketCursor;
  /** When its packet was, in ns from the origin on the common timeline; infinite when there are none left. */
  at: number;
  /** Packets in the file, and those left out because they are not IP. */
  written: number;
  foreign: number;
}

/**
 * Writes the packets of a bundle as one pcapng file: an interface for each tap, all times on one timeline, drop counts,
 * and a comment on each packet that a finding rests on. Returns the packets that were left out, because they are not IP.
 * Throws `data-loss` for a damaged bundle.
 */
export function writePcapng(bundlePath: string, out: NewFile): number {
  const bundle = BundleFile.open(bundlePath);
  try {
    return new PcapngExport(bundle, out).run();
  } finally {
    bundle.close();
  }
}

class PcapngExport {
  readonly #report: Report;
  readonly #out: NewFile;
  readonly #lanes: readonly Lane[];
  readonly #comments: PacketComments;
  readonly #time: CommonTime;
  /** Epoch ns that both lanes are compared from. */
  readonly #originNs: bigint;
  readonly #origin: Stamp;
  readonly #headers = Buffer.alloc(MAX_HEADERS);

  constructor(bundle: BundleFile, out: NewFile) {
    this.#report = bundle.report;
    this.#out = out;
    this.#lanes = this.#report.taps.map((report, index) => openLane(bundle, report, index));
    this.#comments = new PacketComments(this.#report);
    for (const { cursor } of this.#lanes) cursor.advance();
    const client = this.#lanes.find(({ report }) => report.role === 'client');
    this.#originNs = startOf(client?.cursor) ?? startOf(this.#lanes[1]?.cursor) ?? 0n;
    this.#origin = stampOf(this.#originNs);
    this.#time = new CommonTime(this.#report, this.#originNs);
    for (const lane of this.#lanes) {
      lane.cursor.countFrom(this.#originNs);
      lane.at = this.#timeOf(lane);
    }
  }

  run(): number {
    const { capture, headline, engine } = this.#report;
    const about = `Capture ${[capture.id, capture.name].filter(Boolean).join(' ')}. ${headline}`;
    this.#out.write(
      sectionHeader(`bothends ${version}, engine ${engine}`, `${about}\n${this.#time.comment}\n${LEGEND}`),
    );
    for (const { report } of this.#lanes) this.#out.write(interfaceDescription(describe(report)));
    for (let lane = this.#next(); lane.at < Number.POSITIVE_INFINITY; lane = this.#next()) {
      this.#write(lane);
      lane.cursor.advance();
      lane.at = this.#timeOf(lane);
    }
    for (const lane of this.#lanes) this.#out.write(interfaceStatistics(this.#statistics(lane)));
    return this.#lanes.reduce((sum, { foreign }) => sum + foreign, 0);
  }

  /** The lane whose packet is the earliest. */
  #next(): Lane {
    return this.#lanes.reduce((earliest, lane) => (lane.at < earliest.at ? lane : earliest));
  }

  #timeOf({ cursor, report }: Lane): number {
    if (cursor.row < 0) return Number.POSITIVE_INFINITY;
    return cursor.elapsedNs - this.#time.shiftNs(report.role, cursor.elapsedNs);
  }

  #write(lane: Lane): void {
    const { cursor, report, index } = lane;
    const { table, row, number } = cursor;
    const length = rebuildHeaders(table, row, this.#headers);
    if (length === 0) lane.foreign++;
    else {
      lane.written++;
      this.#out.write(
        enhancedPacket({
          tap: index,
          stamp: this.#stampAt(lane.at),
          bytes: this.#headers.subarray(0, length),
          wireLength: table.ipLength[row] as number,
          direction: directionOf(table.packetType[row] as number),
          comments: this.#comments.of(report.name, number),
        }),
      );
    }
  }

  #stampAt(elapsedNs: number): Stamp {
    const sum = this.#origin.low + elapsedNs;
    const carry = Math.floor(sum / WORD);
    return { high: this.#origin.high + carry, low: sum - carry * WORD };
  }

  #statistics({ index, report, written }: Lane): Parameters<typeof interfaceStatistics>[0] {
    const at = (text: string | null) => {
      if (text === null) return this.#origin;
      const own = Number(parseInstant(text) - this.#originNs);
      return this.#stampAt(own - this.#time.shiftNs(report.role, own));
    };
    const { kernelDrops, packets, agentDrops } = report;
    return {
      tap: index,
      start: at(report.openedAt),
      end: at(report.closedAt),
      accepted: kernelDrops === null ? null : packets + kernelDrops,
      dropped: kernelDrops === null && agentDrops === 0 ? null : (kernelDrops ?? 0) + agentDrops,
      delivered: written,
    };
  }
}

const LEGEND =
  'Rebuilt from packet records: headers are exact as far as they were recorded, payload was not, and checksums of ' +
  'TCP, UDP and ICMP are 0. Link headers and packets that are not IP are left out.';

function openLane(bundle: BundleFile, report: TapReport, index: number): Lane {
  const tap = bundle.document.taps.findIndex(({ name }) => name === report.name) + 1;
  return { index, report, cursor: new PacketCursor(bundle.batches(tap)), at: 0, written: 0, foreign: 0 };
}

function startOf(cursor: PacketCursor | undefined): bigint | null {
  if (!cursor || cursor.row < 0) return null;
  return cursor.table.baseNs + BigInt(cursor.table.time[cursor.row] as number);
}

function describe({ name, role, backEnd, interfaces, filter, coverage, gaps }: TapReport) {
  const gapTexts = gaps.map(({ from, to, packets, cause }) => {
    const ns = Number(parseInstant(to) - parseInstant(from));
    return `${cause} from ${from} for ${formatDuration(ns)} (${packets ?? 'unknown'} packets)`;
  });
  return {
    linkType: LINKTYPE_RAW,
    snaplen: 0,
    name,
    description: `tap at the ${role}'s end: ${backEnd}${interfaces.length > 0 ? ` on ${interfaces.join(', ')}` : ''}`,
    filter,
    comment: [`Coverage: ${coverage}.`, ...gapTexts].join('\n'),
  };
}

function directionOf(packetType: number): number {
  if (packetType === PacketType.outgoing) return Direction.outbound;
  return packetType === PacketType.host ? Direction.inbound : Direction.unknown;
}

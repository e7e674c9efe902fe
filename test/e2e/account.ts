import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { End, Report, TapReport } from '@bothends/proto';
import { checkCommand } from '../lab/command.js';
import type { Lab } from '../lab/index.js';
import type { Recording } from '../lab/recording.js';

const ENDS: readonly End[] = ['client', 'server'];
/** tcpdump prints seconds with nine decimals. */
const NS_PER_S = 1_000_000_000n;
/** Two sockets of one kernel stamp the same packet microseconds apart, on a busy machine more. */
const STAMP_SLACK_NS = 1_000_000n;

/** What an independent tcpdump saw at one end beside what the report says of it, in packets. */
export interface Account {
  seen: number;
  /** Of those, in times for which the tap vouches: while it was open, outside its declared gaps. */
  vouched: number;
  /** Of the vouched, those after the last declared gap: all of them where there is none. */
  afterGaps: number;
  reported: number;
}

/** Independent recordings of one TCP port at both ends. */
export class Witness implements Disposable {
  readonly #port: number;
  readonly #folder: string;
  readonly #recordings: readonly Recording[];

  private constructor(port: number, folder: string, recordings: readonly Recording[]) {
    this.#port = port;
    this.#folder = folder;
    this.#recordings = recordings;
  }

  static async start(lab: Lab, port: number): Promise<Witness> {
    const folder = mkdtempSync(join(tmpdir(), 'bothends-witness-'));
    const record = (end: End) => lab.host(end).record(join(folder, end), { filter: `tcp port ${port}` });
    return new Witness(port, folder, await Promise.all(ENDS.map(record)));
  }

  /** Ends the recordings; both must be whole, or they could not be the truth. */
  async stop(): Promise<void> {
    for (const { dropped } of await Promise.all(this.#recordings.map((each) => each.stop()))) {
      if (dropped > 0) throw new Error(`the witness itself lost ${dropped} packets`);
    }
  }

  /** Packet by packet at both ends, client first. To be called after `stop`. */
  async compare(report: Report): Promise<Account[]> {
    return await Promise.all(ENDS.map((end) => this.#compareEnd(report, end)));
  }

  async #compareEnd(report: Report, end: End): Promise<Account> {
    const { taps, flows } = report;
    const tap = taps.find(({ role }) => role === end);
    const reported = flows
      .filter(({ server }) => server.port === this.#port)
      .map(({ packets }) => (end === 'client' ? packets.clientTap : packets.serverTap));
    const times = await this.#times(end);
    const vouched = times.filter((time) => tap !== undefined && vouches(tap, time));
    return {
      seen: times.length,
      vouched: vouched.length,
      afterGaps: vouched.filter((time) => tap?.gaps.every(({ to }) => epochNs(to) < time)).length,
      reported: reported.reduce((sum, packets) => sum + packets, 0),
    };
  }

  /** Epoch ns of each packet, as tcpdump itself reads them back. */
  async #times(end: End): Promise<bigint[]> {
    const precision = '--time-stamp-precision=nano';
    const text = await checkCommand(['tcpdump', '-r', join(this.#folder, end), '-n', '-tt', '-q', precision]);
    return [...text.matchAll(/^(\d+)\.(\d{9}) /gm)].map(([, s, ns]) => BigInt(s) * NS_PER_S + BigInt(ns));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function vouches({ openedAt, closedAt, gaps }: TapReport, time: bigint): boolean {
  const before = time - STAMP_SLACK_NS;
  const after = time + STAMP_SLACK_NS;
  if (openedAt === null || before < epochNs(openedAt)) return false;
  if (closedAt !== null && after > epochNs(closedAt)) return false;
  return !gaps.some(({ from, to }) => epochNs(from) <= after && before <= epochNs(to));
}

/** Epoch ns of a report's instant; Date would keep milliseconds only. */
function epochNs(instant: string): bigint {
  const [, seconds, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(instant) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

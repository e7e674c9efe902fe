import { openCaptureFile } from '@bothends/agent/files';
import { Merge } from '@bothends/cli/analyze/merge';
import { Engine } from '@bothends/coordinator/engine/engine';
import { Train, type TrainAddon } from '@bothends/coordinator/engine/match/train';
import { trainAddon } from '@bothends/coordinator/train-addon';
import { canonicalJson, PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';
import { type CapturePaths, eachIncident } from './incidents.js';

/** Synthetic incidents. */
const RUNS = 50;
/** Rows of a table: a few, so that the two taps' packets come mixed; and all, one tap after the other. */
const TABLES = [16, 4096] as const;

const OPTIONS = { captureId: 'express', captureName: '', port: null, vouchComplete: false };

const addon = trainAddon();

/** The long way of every packet, the short one in JavaScript alone, and that with the add-on's trains. */
type Way = 'long' | 'short' | 'train';

/** An engine that can be told which way packets go, and whose state can be seen. */
class OpenEngine extends Engine {
  /** Packets that went that way. */
  taken = 0;

  constructor(way: Way) {
    super(OPTIONS);
    const { intake } = this;
    if (way === 'long') intake.express = null;
    const { express } = intake;
    if (way === 'short' && express !== null) {
      const take = express.take.bind(express);
      express.take = (first, ...segment) => this.count(first, take(first, ...segment));
    }
    if (way === 'train' && addon !== null) intake.trains = this.counting(addon);
  }

  private counting(trainAddon: TrainAddon): Train {
    const trains = new Train(trainAddon, this.intake.store, this.intake.timeline);
    const take = trains.take.bind(trains);
    // Asked about each row, it is put to the test more often.
    trains.longestPause = 0;
    trains.take = (first) => this.count(first, take(first));
    return trains;
  }

  private count(first: number, end: number): number {
    this.taken += end - first;
    return end;
  }

  /** All that is kept by flow, which records are alive with what is known of them, and the bounds of the clocks. */
  get state(): string {
    const { flows, records } = this.intake.store;
    const { number, tap, state, holds, peer, peerNumber, peerTime, flow } = records;
    const alive = [...flow.keys()].slice(0, records.extent).filter((r) => (flow[r] as number) >= 0);
    const own = [flow, tap, number, state, holds];
    // Without a match what stands there is another packet's.
    const known = (r: number) => ((peer[r] as number) < 0 ? own : [...own, peerNumber, peerTime]);
    return [
      flows.data.join(' '),
      ...alive.map((r) =>
        known(r)
          .map((column) => column[r])
          .join(' '),
      ),
      JSON.stringify([this.intake.timeline.clock(), this.intake.timeline.differences]),
    ].join('\n');
  }
}

function analyzed([client, server]: CapturePaths, rows: number, way: Way): OpenEngine {
  const files = [openCaptureFile(client), openCaptureFile(server)] as const;
  const engine = new OpenEngine(way);
  for (const name of ['client', 'server']) engine.addTap({ name, role: null, addresses: [] });
  const [first, second] = files.map((file) => {
    const table = new PacketTable(rows);
    return { next: () => (file.next(table) ? table : null) };
  });
  if (!first || !second) throw new RangeError('two files');
  const merge = new Merge([first, second]);
  for (let next = merge.next(); next !== null; next = merge.next()) engine.push(next.file, next.table);
  for (const file of files) file.close();
  return engine;
}

/** Returns how many packets went that way. */
function expectAsLong(paths: CapturePaths, way: Way): number {
  let taken = 0;
  for (const rows of TABLES) {
    const [short, long] = [analyzed(paths, rows, way), analyzed(paths, rows, 'long')];
    expect(canonicalJson(short.report())).toBe(canonicalJson(long.report()));
    expect(short.state).toBe(long.state);
    taken += short.taken;
  }
  return taken;
}

const WAYS = [
  { way: 'short', skip: false, named: 'the short way' },
  {
    way: 'train',
    skip: addon === null,
    named: `the short way with trains${addon ? '' : ' (SKIPPED: the add-on is not built)'}`,
  },
] as const;

describe.each(WAYS)(
  '$named of uneventful segments leaves everything as the long way does',
  ({ way, skip }) => {
    it.skipIf(skip).each(SCENARIOS)('$name', ({ name }) => {
      expectAsLong(capturePaths(name), way);
    });

    it.skipIf(skip)(
      `${RUNS} synthetic incidents, and takes many of their packets`,
      { timeout: 600_000 },
      () => {
        let taken = 0;
        eachIncident(RUNS, (paths) => {
          taken += expectAsLong(paths, way);
        });
        expect(taken).toBeGreaterThan(10 * RUNS);
      },
    );
  },
);

import { openCaptureFile } from '@bothends/agent/files';
import { Merge } from '@bothends/cli/analyze/merge';
import { Engine } from '@bothends/coordinator/engine/engine';
import * as Row from '@bothends/coordinator/engine/flows/rows';
import { Train, type TrainAddon } from '@bothends/coordinator/engine/match/train';
import { trainAddon } from '@bothends/coordinator/train-addon';
import { canonicalJson, PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';
import { type CapturePaths, eachIncident, LOSSY_TRANSFERS } from './incidents.js';

/** Synthetic incidents. */
const RUNS = 50;
/** And of those with long transfers on a path that loses packets. */
const LOSSY_RUNS = 12;
/** Rows of a table: a few, so that the two taps' packets come mixed; and all, one tap after the other. */
const TABLES = [16, 4096] as const;

const OPTIONS = { captureId: 'express', captureName: '', port: null, vouchComplete: false };

const addon = trainAddon();

/** Of them, those that are looked at with a cache of recent tuples that never has the flow. */
const FAR_RUNS = 10;

/**
 * The long way of every packet, the short one in JavaScript alone, and that with the add-on's trains; these also where a flow
 * is in no cache of recent tuples, as where 100 000 are open.
 */
type Way = 'long' | 'short' | 'train' | 'far';

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
    if ((way === 'train' || way === 'far') && addon !== null)
      intake.trains = this.counting(addon, way === 'far');
  }

  private counting(trainAddon: TrainAddon, isFar: boolean): Train {
    const { store, timeline, matcher } = this.intake;
    const trains = new Train(trainAddon, store, timeline, matcher.index);
    const take = trains.take.bind(trains);
    // Asked about each row, it is put to the test more often.
    trains.longestPause = 0;
    trains.take = (first) => {
      if (isFar) this.intake.store.table.cache.fill(-1);
      return this.count(first, take(first));
    };
    return trains;
  }

  private count(first: number, end: number): number {
    this.taken += end - first;
    return end;
  }

  /**
   * All that is kept by flow, which records are alive with what is known of them, and the bounds of the clocks. Records are named
   * by the packet that they stand for: which number one got depends on when another was let go of.
   */
  get state(): string {
    const { flows, flowAt, records } = this.intake.store;
    const { number, tap, state, holds, peer, peerNumber, peerTime, flow } = records;
    const alive = [...flow.keys()].slice(0, records.extent).filter((r) => (flow[r] as number) >= 0);
    const named = (r: number) => (r < 0 ? 'none' : `${tap[r]}#${number[r]}`);
    const own = [flow, state, holds];
    // Without a match what stands there is another packet's.
    const known = (r: number) => ((peer[r] as number) < 0 ? own : [...own, peerNumber, peerTime]);
    const words = [...flows.data.subarray(0, flowAt.length * Row.PLACE_WORDS)];
    return [
      words.map((word, i) => (NAMES_RECORD.has(i % Row.PLACE_WORDS) ? named(word) : word)).join(' '),
      ...alive.map((r) => [named(r), ...known(r).map((column) => column[r])].join(' ')).sort(),
      ...this.chains(named),
      JSON.stringify([this.intake.timeline.clock(), this.intake.timeline.differences]),
    ].join('\n');
  }

  /** Which records can be found by identity, in the order in which they are met. */
  private *chains(named: (r: number) => string): Generator<string> {
    const { buckets } = this.intake.matcher.index;
    const { nextInBucket } = this.intake.store.records;
    for (const [bucket, head] of buckets.entries())
      for (let r = head; r >= 0; r = nextInBucket[r] as number) yield `${bucket} ${named(r)}`;
  }
}

/** Words of a flow's rows that are numbers of records. */
const NAMES_RECORD = new Set([
  Row.NOTABLE_HEAD,
  Row.NOTABLE_TAIL,
  ...Array.from({ length: 2 * Row.RECENT }, (_, i) => Row.RECENT_0 + i),
  ...Array.from({ length: Row.SIDES }, (_, i) => Row.SIDES_FROM + i * Row.SIDE_WORDS).flatMap((side) =>
    [Row.HEAD, Row.TAIL, Row.CURSOR, Row.UNINDEXED].map((word) => side + word),
  ),
]);

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

    it.skipIf(skip)(`${LOSSY_RUNS} long transfers that lose packets`, { timeout: 600_000 }, () => {
      let taken = 0;
      eachIncident(
        LOSSY_RUNS,
        (paths) => {
          taken += expectAsLong(paths, way);
        },
        [LOSSY_TRANSFERS],
      );
      expect(taken).toBeGreaterThan(100 * LOSSY_RUNS);
    });
  },
);

it.skipIf(addon === null)(
  `trains find a flow in the table where the cache does not have it${addon ? '' : ' (SKIPPED: the add-on is not built)'}`,
  { timeout: 600_000 },
  () => {
    let taken = 0;
    eachIncident(FAR_RUNS, (paths) => {
      const [far, near] = [analyzed(paths, TABLES[0], 'far'), analyzed(paths, TABLES[0], 'train')];
      expect(far.state).toBe(near.state);
      expect(far.taken).toBe(near.taken);
      taken += far.taken;
    });
    expect(taken).toBeGreaterThan(10 * FAR_RUNS);
  },
);

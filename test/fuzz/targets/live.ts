import { type CaptureFile, openCaptureFile } from '@bothends/agent';
import { createEngine, type EngineLike, type TapCoverage } from '@bothends/coordinator';
import { PacketTable } from '@bothends/proto';
import { expectSaneReport } from '../report-sanity.js';
import { withFiles } from '../scratch.js';
import { ENGINE_OPTIONS, type Input, type Target } from '../target.js';
import { captureTarget } from './captures.js';

/** Rows of a batch: so few that windows move, wait and close between them. */
const ROWS = 37;
/** Batches between two looks at the findings. */
const LOOK_EVERY = 8;
/** A tap promises everything older than this, as agents do. */
const REORDERING_NS = 1_000_000n;

interface Lane {
  readonly tap: number;
  readonly file: CaptureFile;
  latestNs: bigint;
}

/** The captures as a coordinator sees them: in small batches from both ends in turn, with watermarks, looked at meanwhile. */
export const liveTarget: Target = {
  name: 'live',
  files: captureTarget.files,
  make: captureTarget.make,
  check(input: Input): void {
    withFiles(input, (paths) => {
      const engine = createEngine(ENGINE_OPTIONS);
      const lanes = paths.map((path, i): Lane => {
        const role = i === 0 ? 'client' : 'server';
        return {
          tap: engine.addTap({ name: role, role, addresses: [] }),
          file: openCaptureFile(path),
          latestNs: 0n,
        };
      });
      feedInTurn(engine, lanes);
      for (const { tap, file, latestNs } of lanes) {
        engine.cover(tap, coverage(latestNs, true));
        engine.finish(tap);
        file.close();
      }
      expectSaneReport(engine.report());
    });
  },
};

function feedInTurn(engine: EngineLike, lanes: readonly Lane[]): void {
  const table = new PacketTable(ROWS);
  let batches = 0;
  let open = lanes;
  while (open.length > 0) {
    open = open.filter((lane) => {
      if (!lane.file.next(table)) return false;
      engine.push(lane.tap, table);
      lane.latestNs = laterOf(lane.latestNs, table.baseNs + BigInt(table.time[table.length - 1] as number));
      engine.cover(lane.tap, coverage(lane.latestNs, false));
      if (++batches % LOOK_EVERY === 0) expectSaneReport(engine.report());
      return true;
    });
  }
}

function laterOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Of a tap that lost nothing, and vouches for it up to shortly before its latest packet. */
function coverage(latestNs: bigint, closed: boolean): TapCoverage {
  return {
    backEnd: 'tcpdump',
    filter: '',
    interfaces: ['any'],
    snaplen: 192,
    openedNs: 0n,
    closedNs: closed ? latestNs : null,
    packets: null,
    kernelDrops: 0,
    agentDrops: 0,
    timestamps: 'kernel',
    gaps: [],
    watermarkNs: laterOf(0n, latestNs - REORDERING_NS),
  };
}

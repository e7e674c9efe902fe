/**
 * A whole agent on a host whose wall clock is set: `node stepped-agent.js DATA STEP_MS`. At SIGUSR2 its clock steps, and so do
 * the stamps that its kernel gives to packets from then on. CLOCK_REALTIME cannot be set for one namespace alone.
 */
import { type CaptureSource, runAgent, type Tap, type TapStats } from '@bothends/agent';
import { SystemClock } from '@bothends/agent/clock/clock';
import { hostKit } from '@bothends/agent/control/capture-kit';
import { stderrLogger } from '@bothends/cli/output/logger';
import type { PacketTable } from '@bothends/proto';

const NS_PER_MS = 1_000_000;

const [dataDir = '', stepMs = '0'] = process.argv.slice(2);

/** When the clock stepped, in epoch ms of the real one; never as yet. */
let steppedMs = Number.POSITIVE_INFINITY;
process.on('SIGUSR2', () => {
  steppedMs = Date.now();
});

const clock = new SystemClock({
  wallMs: () => Date.now() + (Date.now() >= steppedMs ? Number(stepMs) : 0),
  monotonicNs: () => process.hrtime.bigint(),
});

/** What the real tap saw, stamped with the clock of this host. */
class SteppedTap implements Tap {
  readonly backEnd;
  readonly timestamps;
  readonly ringBytes;
  readonly #tap: Tap;

  constructor(tap: Tap) {
    this.#tap = tap;
    this.backEnd = tap.backEnd;
    this.timestamps = tap.timestamps;
    this.ringBytes = tap.ringBytes;
  }

  stats(): Promise<TapStats> {
    return this.#tap.stats();
  }

  close(): Promise<TapStats> {
    return this.#tap.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PacketTable> {
    let baseNs: bigint | null = null;
    for await (const table of this.#tap) {
      baseNs ??= table.baseNs;
      if (steppedMs * NS_PER_MS <= Number(baseNs)) {
        // Stepped before it was opened: of years no float holds the nanoseconds, so that the base moves.
        table.baseNs = baseNs + BigInt(stepMs) * BigInt(NS_PER_MS);
        yield table;
        continue;
      }
      const sinceNs = steppedMs * NS_PER_MS - Number(table.baseNs);
      for (let i = 0; i < table.length; i++) {
        const time = table.time[i] ?? 0;
        if (time >= sinceNs) table.time[i] = time + Number(stepMs) * NS_PER_MS;
      }
      yield table;
    }
  }
}

function stepped(source: CaptureSource): CaptureSource {
  return {
    name: source.name,
    probe: () => source.probe(),
    open: async (options) => new SteppedTap(await source.open(options)),
  };
}

const over = new AbortController();
process.once('SIGTERM', () => over.abort());
await runAgent(
  { dataDir },
  {
    logger: stderrLogger('agent', 'info'),
    signal: over.signal,
    clock,
    kit: {
      source: async (name) => stepped(await hostKit.source(name)),
      filter: (_source, text, arm, addresses) => hostKit.filter(_source, text, arm, addresses),
    },
  },
);

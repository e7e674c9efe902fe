import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { BothendsError } from '@bothends/proto';

export interface RecordingOptions {
  /** Default `any`. */
  interface?: string;
  /** pcap-filter(7) text. Default all but the management network. */
  filter?: string;
  /** Bytes kept of each packet. Default 192: every header, little payload. */
  snaplen?: number;
}

/** What tcpdump counted. */
export interface RecordingCounts {
  captured: number;
  dropped: number;
}

const DATA_PATH_ONLY = 'not net 10.78.0.0/24';
const DEFAULT_SNAPLEN = 192;
/** Ring in KiB: seconds of a scenario's traffic. */
const RING_KIB = 16_384;
/** tcpdump says that it listens once its socket is open; this only bounds a machine that is stuck. */
const START_TIMEOUT_MS = 60_000;
/** A packet on its way to the tap when we stop is in the file: veth delivers in microseconds, the ring at once. */
const LEAD_OUT_MS = 200;

/** A running tcpdump, independent of anything that bothends does: the truth to compare with. */
export class Recording {
  readonly file: string;
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(file: string, child: ChildProcess) {
    this.file = file;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  static async start(
    file: string,
    options: RecordingOptions,
    spawn: (argv: string[]) => ChildProcess,
  ): Promise<Recording> {
    const { interface: device = 'any', filter = DATA_PATH_ONLY, snaplen = DEFAULT_SNAPLEN } = options;
    const link = device === 'any' ? ['-y', 'LINUX_SLL2'] : [];
    const ring = ['-s', String(snaplen), '-B', String(RING_KIB), '--immediate-mode', '-U'];
    const output = ['--time-stamp-precision=nano', '-Z', 'root', '-w', file];
    const child = spawn(['tcpdump', '-i', device, '-n', ...link, ...ring, ...output, filter]);
    const recording = new Recording(file, child);
    await recording.#listening();
    return recording;
  }

  /** Waits for what is under way, ends tcpdump and returns its counts. */
  async stop(): Promise<RecordingCounts> {
    await sleep(LEAD_OUT_MS);
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGINT');
      await ended;
    }
    return { captured: this.#count('captured'), dropped: this.#count('dropped by kernel') };
  }

  #count(what: string): number {
    const match = new RegExp(`(\\d+) packets? ${what}`).exec(this.#stderr);
    if (match) return Number(match[1]);
    throw new BothendsError('internal', `lab: tcpdump gave no "${what}" count: ${this.#stderr.trim()}`);
  }

  async #listening(): Promise<void> {
    const signal = AbortSignal.timeout(START_TIMEOUT_MS);
    while (!this.#stderr.includes('listening on')) {
      if (this.#child.exitCode !== null || signal.aborted) {
        throw new BothendsError('failed-precondition', `lab: tcpdump did not start: ${this.#stderr.trim()}`);
      }
      await sleep(5);
    }
  }
}

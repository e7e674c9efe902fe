import { setImmediate } from 'node:timers/promises';
import { BothendsError, PacketTable } from '@bothends/proto';
import type { CaptureSource, OpenOptions, Probe, Tap, TapStats } from '../source.js';
import { type CaptureFile, openCaptureFile } from './file.js';

/** Replays a capture file as fast as it is consumed; `interface` is its path. */
export const pcapfileSource: CaptureSource = {
  name: 'pcapfile',
  probe: async (): Promise<Probe> => ({ available: true, reason: '', version: '' }),
  open: async (options: OpenOptions): Promise<Tap> => {
    if (options.filter.trim() !== '') {
      throw new BothendsError(
        'unsupported',
        `a capture file is replayed whole: filter it first with "tcpdump -r ${options.interface} -w FILE ..."`,
      );
    }
    const key = options.digestKey === null ? {} : { digestKey: options.digestKey };
    return new FileTap(openCaptureFile(options.interface, key));
  },
};

class FileTap implements Tap {
  readonly backEnd = 'pcapfile';
  readonly timestamps = 'file';
  readonly ringBytes = 0;
  readonly #file: CaptureFile;
  #packets = 0;
  #closed = false;

  constructor(file: CaptureFile) {
    this.#file = file;
  }

  async stats(): Promise<TapStats> {
    return { packets: this.#packets, kernelDrops: this.#file.info.kernelDrops, agentDrops: 0 };
  }

  async close(): Promise<TapStats> {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
    return this.stats();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PacketTable, void, undefined> {
    const table = new PacketTable();
    while (!this.#closed && this.#file.next(table)) {
      this.#packets += table.length;
      yield table;
      // Reading a file never waits, and must not keep everything else from running.
      await setImmediate();
    }
    const { truncated } = this.#file.info;
    if (truncated !== null && !this.#closed) throw new BothendsError('data-loss', truncated);
  }
}

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LabHost } from '#lab/index';
import { builtScript } from '#lab/paths';
import type { TapEvent, TapRequest, TapRow } from './tap-protocol.js';

/** A tap in a lab host, run by tap-process.ts. */
export class RemoteTap {
  readonly child: ChildProcess;
  readonly rows: TapRow[] = [];
  #events: TapEvent[] = [];
  #wake: () => void = () => {};

  constructor(host: LabHost, request: TapRequest, wrapper: readonly string[] = []) {
    const script = builtScript('contract/capture/tap-process.js');
    this.child = host.spawn([...wrapper, process.execPath, script, JSON.stringify(request)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.child.stdout as Readable }).on('line', (line) => {
      const event = JSON.parse(line) as TapEvent;
      if (event.kind === 'row') this.rows.push(event.row);
      else this.#events.push(event);
      this.#wake();
    });
    this.child.once('exit', () => this.#wake());
  }

  /** The event of a kind; throws when the process refuses or ends without it. */
  async event<K extends TapEvent['kind']>(kind: K): Promise<Extract<TapEvent, { kind: K }>> {
    for (;;) {
      const found = this.#events.find((event) => event.kind === kind);
      if (found !== undefined) return found as Extract<TapEvent, { kind: K }>;
      const refused = this.#events.find((event) => event.kind === 'refused');
      if (refused !== undefined) throw new Error(JSON.stringify(refused));
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`no "${kind}" before the end`);
      await this.#change();
    }
  }

  /** Waits for so many rows that match; the test's own time limit bounds it. */
  async rowsWhere(count: number, matches: (row: TapRow) => boolean): Promise<TapRow[]> {
    for (;;) {
      const found = this.rows.filter(matches);
      if (found.length >= count) return found;
      if (this.child.exitCode !== null) throw new Error(`${found.length} of ${count} rows before the end`);
      await this.#change();
    }
  }

  /** Closes the tap; the counters at the end. */
  async close(): Promise<Extract<TapEvent, { kind: 'end' }>> {
    this.child.stdin?.end();
    return this.event('end');
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

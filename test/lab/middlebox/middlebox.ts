import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BothendsError } from '@bothends/proto';
import type { LabHost } from '../host.js';
import { builtScript } from '../paths.js';
import type { BoxEvent, BoxRules } from './rules.js';

/** Longer than a node process takes to start on a machine that stalls. */
const START_TIMEOUT_MS = 60_000;

/** A running in-line box on a lab host, and what it says that it did. */
export class Middlebox {
  readonly events: BoxEvent[] = [];
  private readonly child: ChildProcess;
  private stderr = '';
  private readonly exited: Promise<void>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.exited = new Promise((resolve) => child.once('close', () => resolve()));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Starts it between two interfaces of a host; returns when it forwards. Throws `failed-precondition`. */
  static async start(
    host: LabHost,
    clientSide: string,
    serverSide: string,
    rules: BoxRules,
  ): Promise<Middlebox> {
    const script = builtScript('lab/middlebox/main.js');
    const child = host.spawn([process.execPath, script, clientSide, serverSide, JSON.stringify(rules)]);
    const box = new Middlebox(child);
    await box.ready();
    return box;
  }

  /** Ends it and returns how often each rule acted. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    this.child.kill('SIGTERM');
    await this.exited;
    const last = this.events.find((event) => event.event === 'counts');
    if (last?.event === 'counts') return last.counts;
    throw new BothendsError('internal', `middlebox: ended without counts: ${this.stderr.trim()}`);
  }

  private ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        reject(new BothendsError('failed-precondition', `middlebox: ${why}: ${this.stderr.trim()}`));
      };
      const timer = setTimeout(() => fail(`not ready within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
      void this.exited.then(() => {
        clearTimeout(timer);
        fail('ended at once');
      });
      if (!this.child.stdout) return fail('has no output');
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        const event = JSON.parse(line) as BoxEvent;
        this.events.push(event);
        if (event.event !== 'ready') return;
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

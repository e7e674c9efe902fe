import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import type { Logger } from 'pino';
import type { Policy } from '../policy/policy.js';
import type { HostAudit } from './host-audit.js';
import { RawFile } from './raw-file.js';
import { wholeBlocks } from './whole-blocks.js';

const PACKETS = '.pcapng';
const ABOUT = '.json';

/** Whose packets a file holds, for the decision whether it may leave the host. */
export interface RawAbout {
  readonly captureId: string;
  readonly requestedBy: string;
  /** The owner who approved the capture; empty: nobody did. */
  readonly approvedBy: string;
}

export interface KeptPackets {
  readonly path: string;
  readonly about: RawAbout;
  /** What is missing, in words; empty: nothing. */
  readonly lacks: string;
}

export interface RawStoreOptions {
  /** Where the files are; made when the first one is kept. */
  readonly directory: string;
  /** Name of the agent. */
  readonly name: string;
  readonly policy: () => Policy;
  readonly audit: HostAudit;
  readonly logger: Logger;
}

/** The packets that taps of this host keep as they were captured: files for their owner only, for a stated time. */
export class RawStore {
  readonly #options: RawStoreOptions;
  readonly #open = new Map<string, RawFile>();
  #keptBytes: number;

  constructor(options: RawStoreOptions) {
    this.#options = options;
    this.#keptBytes = this.#kept().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A file for the packets of a tap, or more of it after its agent was killed. Throws the system's error. */
  open(arm: Arm, filter: string): RawFile {
    const { directory, name, audit } = this.#options;
    const { tapId, captureId, requestedBy, approvedBy } = arm;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = this.#pathOf(tapId);
    cutTornBlock(path);
    audit.record(requestedBy, 'raw-keep', tapId, 'done', '');
    this.#saveAbout(tapId, { captureId, requestedBy, approvedBy, lacks: '' });
    const mayKeep = (bytes: number) => this.#takeRoom(bytes);
    const file = new RawFile({ path, agent: name, captureId, interface: arm.interface, filter, mayKeep });
    this.#open.set(tapId, file);
    return file;
  }

  /** The tap that the file was opened for has ended: writes down what it lacks. */
  closed(tapId: string, file: RawFile): void {
    // It may have been forgotten meanwhile.
    if (this.#open.get(tapId) !== file) return;
    this.#open.delete(tapId);
    if (file.lacks === '') return;
    this.#options.logger.warn({ tap: tapId, reason: file.lacks }, 'raw packets kept in part');
    const saved = this.#readAbout(tapId);
    if (saved !== null) this.#saveAbout(tapId, { ...saved, lacks: file.lacks });
  }

  /** What is kept of a tap; null: nothing. */
  find(tapId: string): KeptPackets | null {
    const saved = this.#readAbout(tapId);
    const path = this.#pathOf(tapId);
    if (saved === null || !existsSync(path)) return null;
    this.#open.get(tapId)?.flush();
    const { lacks, ...about } = saved;
    return { path, about, lacks: this.#open.get(tapId)?.lacks || lacks };
  }

  /** Nobody wants the packets of the tap any more. */
  forget(tapId: string, why: string): void {
    this.#open.get(tapId)?.end(why);
    this.#open.delete(tapId);
    if (!existsSync(this.#pathOf(tapId)) && this.#readAbout(tapId) === null) return;
    rmSync(this.#pathOf(tapId), { force: true });
    rmSync(this.#aboutPathOf(tapId), { force: true });
    this.#keptBytes = this.#kept().reduce((sum, { bytes }) => sum + bytes, 0);
    this.#options.audit.record(this.#options.name, 'raw-delete', tapId, 'done', why);
  }

  /** Deletes what the policy does not let stay; to be called now and then. @param nowMs epoch */
  sweep(nowMs: number): void {
    const { rawPackets, rawRetentionMs } = this.#options.policy();
    for (const { tapId, lastMs } of this.#kept()) {
      if (rawPackets === 'never') this.forget(tapId, 'the policy lets none be kept (rawPackets: never)');
      else if (!this.#open.has(tapId) && nowMs - lastMs > rawRetentionMs)
        this.forget(tapId, 'its time is over (rawRetention)');
    }
  }

  #takeRoom(bytes: number): boolean {
    if (this.#keptBytes + bytes > this.#options.policy().maxRawBytes) return false;
    this.#keptBytes += bytes;
    return true;
  }

  #kept(): { tapId: string; bytes: number; lastMs: number }[] {
    const { directory } = this.#options;
    if (!existsSync(directory)) return [];
    return readdirSync(directory)
      .filter((entry) => entry.endsWith(PACKETS))
      .map((entry) => {
        const { size, mtimeMs } = statSync(join(directory, entry));
        return { tapId: entry.slice(0, -PACKETS.length), bytes: size, lastMs: mtimeMs };
      });
  }

  #pathOf(tapId: string): string {
    return join(this.#options.directory, `${tapId}${PACKETS}`);
  }

  #aboutPathOf(tapId: string): string {
    return join(this.#options.directory, `${tapId}${ABOUT}`);
  }

  #saveAbout(tapId: string, about: RawAbout & { lacks: string }): void {
    const path = this.#aboutPathOf(tapId);
    writeFileSync(`${path}.new`, JSON.stringify(about), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  #readAbout(tapId: string): (RawAbout & { lacks: string }) | null {
    try {
      return JSON.parse(readFileSync(this.#aboutPathOf(tapId), 'utf8')) as RawAbout & { lacks: string };
    } catch {
      return null;
    }
  }
}

/** A torn block, left by an agent that was killed, would hide everything written after it. */
function cutTornBlock(path: string): void {
  if (!existsSync(path)) return;
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, wholeBlocks(fd, statSync(path).size));
  } finally {
    closeSync(fd);
  }
}

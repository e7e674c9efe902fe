import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BothendsError, toBothendsError } from '@bothends/proto';
import type { FetchRaw, RawHead } from '@bothends/proto/gen/bothends/v1/agent';
import { isTapId } from '../control/taps/tap-id.js';
import type { Policy } from '../policy/policy.js';
import type { HostAudit } from './host-audit.js';
import type { KeptPackets, RawStore } from './raw-store.js';
import { wholeBlocks } from './whole-blocks.js';

/** Questions in a minute that are answered: each is written down, and nobody may fill the disk of a host with them. */
const ASKED_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
/** Bytes of one message: large enough to cost little each, far below the message limit. */
const PIECE_BYTES = 256 * 1024;

/** The answer to a coordinator that asks for raw packets. */
export interface RawAnswer {
  readonly head: RawHead;
  /** Of the file, in order; none where `head` says why not. */
  readonly pieces: Iterable<Buffer>;
}

export interface RawExporterOptions {
  /** Name of the agent, for messages. */
  readonly name: string;
  readonly store: RawStore;
  readonly policy: () => Policy;
  readonly audit: HostAudit;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Lets kept packets leave this host, where its policy says so today, and writes down to whom. */
export class RawExporter {
  readonly #options: RawExporterOptions;
  #minute = 0;
  #asked = 0;

  constructor(options: RawExporterOptions) {
    this.#options = options;
  }

  /** Never throws: why nothing leaves is in the head. */
  answer({ fetchId, tapId, requestedBy }: FetchRaw): RawAnswer {
    const { name, audit } = this.#options;
    const head = { fetchId, reason: '', code: '', lacks: '', bytes: 0n };
    if (this.#isFlood()) {
      const reason = `${name} is asked for raw packets more than ${ASKED_PER_MINUTE} times a minute: ask less often`;
      return { head: { ...head, code: 'resource-exhausted', reason }, pieces: [] };
    }
    try {
      const kept = this.#require(tapId, requestedBy);
      const bytes = wholeBytesOf(kept.path);
      audit.record(requestedBy, 'raw-export', tapId, 'done', `${bytes} bytes`);
      const { lacks, path } = kept;
      return { head: { ...head, lacks, bytes: BigInt(bytes) }, pieces: piecesOf(path, bytes) };
    } catch (thrown) {
      const { code, message: reason } = toBothendsError(thrown);
      this.#noteRefusal(requestedBy, tapId, reason);
      return { head: { ...head, code, reason }, pieces: [] };
    }
  }

  #isFlood(): boolean {
    const minute = Math.floor(this.#options.nowMs() / MINUTE_MS);
    if (minute !== this.#minute) this.#asked = 0;
    this.#minute = minute;
    return ++this.#asked > ASKED_PER_MINUTE;
  }

  #require(tapId: string, requestedBy: string): KeptPackets {
    const { name, store, policy } = this.#options;
    const { rawPackets, users, consent, owners } = policy();
    const refuse = (what: string, rule: string, instead: string): never => {
      throw new BothendsError(
        'permission-denied',
        `policy of ${name} refuses ${what} (${rule}): ask its owner, or ${instead}`,
      );
    };
    if (rawPackets !== 'export')
      refuse(
        'to let raw packets leave it',
        `rawPackets: ${rawPackets}`,
        'export --pcapng, which has headers',
      );
    if (users !== null && !users.includes(requestedBy))
      refuse(`exports to ${requestedBy}`, `users: ${users.join(', ')}`, 'let one of these ask');
    const kept = isTapId(tapId) ? store.find(tapId) : null;
    if (kept === null) throw notKept(name);
    const { approvedBy } = kept.about;
    if (consent === 'ask' && !owners.includes(approvedBy) && !owners.includes(requestedBy)) {
      const rule = `consent: ask, owners: ${owners.join(', ')}`;
      refuse('to export what no owner approved', rule, 'let one of these export it');
    }
    return kept;
  }

  #noteRefusal(requestedBy: string, tapId: string, reason: string): void {
    try {
      this.#options.audit.record(requestedBy, 'raw-export', tapId, 'refused', reason);
    } catch {
      // A full disk: nothing leaves anyway, and the coordinator writes the refusal down, too.
    }
  }
}

function notKept(name: string): BothendsError {
  return new BothendsError(
    'not-found',
    `${name} has no raw packets of this capture: they are kept where it was started with --keep-raw, until rawRetention in the policy of ${name} is over`,
  );
}

function wholeBytesOf(path: string): number {
  const fd = openSync(path, 'r');
  try {
    return wholeBlocks(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function* piecesOf(path: string, end: number): Generator<Buffer> {
  const fd = openSync(path, 'r');
  try {
    for (let at = 0; at < end; ) {
      const piece = Buffer.alloc(Math.min(PIECE_BYTES, end - at));
      const read = readSync(fd, piece, 0, piece.length, at);
      if (read === 0) return;
      yield piece.subarray(0, read);
      at += read;
    }
  } finally {
    closeSync(fd);
  }
}

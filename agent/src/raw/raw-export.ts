import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BothendsError, toBothendsError } from '@bothends/proto';
import type { FetchRaw, RawHead } from '@bothends/proto/gen/bothends/v1/agent';
import { isTapId } from '../control/tap-id.js';
import type { Policy } from '../policy/policy.js';
import type { HostAudit } from './host-audit.js';
import type { KeptPackets, RawStore } from './raw-store.js';
import { wholeBlocks } from './whole-blocks.js';

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
}

/** Lets kept packets leave this host, where its policy says so today, and writes down to whom. */
export class RawExporter {
  readonly #options: RawExporterOptions;

  constructor(options: RawExporterOptions) {
    this.#options = options;
  }

  /** Never throws: why nothing leaves is in the head. */
  answer({ fetchId, tapId, requestedBy }: FetchRaw): RawAnswer {
    const { audit } = this.#options;
    const head = { fetchId, reason: '', code: '', lacks: '', bytes: 0n };
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

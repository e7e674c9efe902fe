import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { openCaptureFile } from '@bothends/agent';
import { LocalAnalyst } from '@bothends/coordinator/analysis/local-analyst';
import { captureBundle } from '@bothends/coordinator/bundle/capture-bundle';
import type { Pseudonyms } from '@bothends/coordinator/bundle/pseudonyms';
import type { Capture } from '@bothends/coordinator/captures/capture';
import { createEngine, createLadder } from '@bothends/coordinator/engines';
import { testCapture } from '@bothends/coordinator/testing/captures';
import { coverage } from '@bothends/coordinator/testing/packets';
import { BATCH_CODEC, crc32, encodeColumns, PacketTable } from '@bothends/proto';
import { linkOf, signBatch } from '@bothends/proto/evidence/chain';
import { publicKeyDer } from '@bothends/proto/evidence/keys';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { capturePaths } from '../scenarios/captures.js';

/** Few packets, so that even a small capture has several batches. */
const ROWS = 8;
const SECOND_NS = 1_000_000_000n;

/** A capture as a coordinator has it after two agents shipped the packets of a recorded scenario. */
export class SignedCapture {
  readonly capture: Capture;
  /** Batches of the client's tap, then of the server's, as they were committed. */
  readonly batches: [Batch[], Batch[]];
  readonly agentKeys: readonly [KeyObject, KeyObject];
  readonly coordinatorKey = newKey();

  constructor(scenario: string, change: (batches: Batch[]) => Batch[] = (batches) => batches) {
    this.agentKeys = [newKey(), newKey()];
    const paths = capturePaths(scenario);
    const id = 'c-1';
    const spans = paths.map((path, i) => shipped(path, `${id}-${i === 0 ? 'client' : 'server'}`));
    this.batches = spans.map(({ batches }, i) =>
      change(batches).map((batch) => signBatch(batch, this.agentKeys[i as 0 | 1])),
    ) as [Batch[], Batch[]];
    const first = spans[0] as Shipped;
    this.capture = testCapture({
      id,
      phase: { state: 'complete', startedNs: first.openedNs, endedNs: first.closedNs },
    });
    this.capture.request.filter = 'host 10.77.4.2';
    this.capture.taps.forEach((tap, i) => {
      tap.signingKey = publicKeyDer(this.agentKeys[i as 0 | 1]).toString('base64');
      tap.policyJson = '{"maxSnaplen":256}';
    });
  }

  /** The bytes that the coordinator exports. */
  async bundle(pseudonyms: Pseudonyms | null = null): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    const analyst = new LocalAnalyst(createEngine, createLadder);
    for await (const piece of captureBundle({
      capture: this.capture,
      store: { batches: async (tapId, after, limit) => this.#after(tapId, after).slice(0, limit) },
      analyst,
      signingKey: this.coordinatorKey,
      nowNs: 1_767_225_600_000_000_000n,
      version: '0.1.0',
      pseudonyms,
    })) {
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  #after(tapId: string, after: bigint): Batch[] {
    return this.batches.flat().filter((batch) => batch.tapId === tapId && batch.sequence > after);
  }
}

interface Shipped {
  batches: Batch[];
  openedNs: bigint;
  closedNs: bigint;
}

/** What an agent would ship of the packets in a file, each batch linked to the one before, unsigned. */
function shipped(path: string, tapId: string): Shipped {
  const table = new PacketTable();
  const file = openCaptureFile(path);
  file.next(table);
  file.close();
  const at = (row: number) => table.baseNs + BigInt(table.time[row] as number);
  const openedNs = at(0) - SECOND_NS;
  const closedNs = at(table.length - 1) + SECOND_NS;
  const batches: Batch[] = [];
  const add = (fields: Pick<Batch, 'count' | 'columns' | 'firstNs' | 'lastNs' | 'coverage'>) => {
    const before = batches.at(-1);
    const sequence = BigInt(batches.length + 1);
    const batch = { tapId, sequence, codec: BATCH_CODEC, crc32: crc32(fields.columns), ...fields };
    batches.push(before ? { ...batch, previous: linkOf(before) } : batch);
  };
  const told = { ...coverage(table.length), openedNs, addresses: ['10.77.4.2'], watermarkNs: closedNs };
  for (let from = 0; from < table.length; from += ROWS) {
    const to = Math.min(from + ROWS, table.length);
    const columns = Buffer.from(encodeColumns(table, from, to));
    add({ count: to - from, columns, firstNs: at(from), lastNs: at(to - 1), coverage: told });
  }
  const end = { ...told, closedNs };
  add({ count: 0, columns: Buffer.alloc(0), firstNs: closedNs, lastNs: closedNs, coverage: end });
  return { batches, openedNs, closedNs };
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

import { mkdir } from 'node:fs/promises';
import { folderError } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture } from '../../captures/capture.js';
import { ThreadClient } from '../../threads/client.js';
import type { TokenRecord } from '../../trust/tokens.js';
import type {
  AgentCertificate,
  AgentRecord,
  AuditEntry,
  EnrolAttempt,
  EnrolRefusal,
  Store,
  StoredAuditEntry,
  TapTotals,
  UserRecord,
} from '../store.js';
import { GroupCommit } from './group-commit.js';
import type { SyncVerbs } from './sync-verbs.js';
import { READ_VERBS } from './verbs.js';
import type { WorkerInput } from './worker.js';

/** The built worker: `../../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const WORKER_URL = new URL('../../../dist/store/sqlite/worker.js', import.meta.url);

async function startThread(input: WorkerInput): Promise<ThreadClient> {
  return await ThreadClient.start(WORKER_URL, 'database thread', input);
}

/** The embedded store: SQLite behind two threads, so that neither gRPC nor a query waits for a write. */
export class SqliteStore implements Store {
  readonly #writer: ThreadClient;
  readonly #reader: ThreadClient;
  readonly #commits: GroupCommit;

  private constructor(writer: ThreadClient, reader: ThreadClient) {
    this.#writer = writer;
    this.#reader = reader;
    this.#commits = new GroupCommit(async (batches) => await this.#call('commit', batches));
  }

  /**
   * Opens or makes the store in a directory, and takes the directory for this process.
   * @throws BothendsError `failed-precondition` when another coordinator has it, or a newer one made it; what
   *   `folderError` makes of a directory that cannot be
   */
  static async open(dataDir: string): Promise<SqliteStore> {
    try {
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw folderError(dataDir, error);
    }
    const writer = await startThread({ dataDir, mode: 'writer' });
    try {
      return new SqliteStore(writer, await startThread({ dataDir, mode: 'reader' }));
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  async addToken(token: TokenRecord): Promise<void> {
    await this.#call('addToken', token);
  }

  async enrolRefusal(attempt: EnrolAttempt): Promise<EnrolRefusal | null> {
    return await this.#call('enrolRefusal', attempt);
  }

  async enrol(
    attempt: EnrolAttempt,
    certificate: Pick<AgentCertificate, 'serial' | 'issuer'>,
  ): Promise<EnrolRefusal | null> {
    return await this.#call('enrol', attempt, certificate);
  }

  async agents(): Promise<AgentRecord[]> {
    return await this.#call('agents');
  }

  async agentSeen(name: string, nowNs: bigint): Promise<void> {
    await this.#call('agentSeen', name, nowNs);
  }

  async setAgentCertificate(name: string, certificate: AgentCertificate): Promise<void> {
    await this.#call('setAgentCertificate', name, certificate);
  }

  async saveUser(user: UserRecord): Promise<void> {
    await this.#call('saveUser', user);
  }

  async users(): Promise<UserRecord[]> {
    return await this.#call('users');
  }

  async saveCapture(capture: Capture): Promise<void> {
    await this.#call('saveCapture', capture);
  }

  async captures(): Promise<Capture[]> {
    return await this.#call('captures');
  }

  async deleteCapture(id: string): Promise<void> {
    await this.#call('deleteCapture', id);
  }

  async commit(batches: readonly Batch[]): Promise<void> {
    await this.#commits.add(batches);
  }

  async totals(tapId: string): Promise<TapTotals> {
    return await this.#call('totals', tapId);
  }

  async batches(tapId: string, sequence: bigint, limit: number): Promise<Batch[]> {
    const batches = await this.#call('batches', tapId, sequence, limit);
    return batches.map(withBuffers);
  }

  async saveReport(captureId: string, json: string): Promise<void> {
    await this.#call('saveReport', captureId, json);
  }

  async report(captureId: string): Promise<string | null> {
    return await this.#call('report', captureId);
  }

  async audit(entry: AuditEntry): Promise<void> {
    await this.#call('audit', entry);
  }

  async auditLog(after: bigint, limit: number): Promise<StoredAuditEntry[]> {
    const entries = await this.#call('auditLog', after, limit);
    return entries.map((entry) => ({ ...entry, hash: asBuffer(entry.hash) }));
  }

  async close(): Promise<void> {
    await this.#commits.idle();
    await this.#reader.close();
    await this.#writer.close();
  }

  async #call<V extends keyof SyncVerbs>(
    verb: V,
    ...input: Parameters<SyncVerbs[V]>
  ): Promise<ReturnType<SyncVerbs[V]>> {
    const thread = READ_VERBS.has(verb) ? this.#reader : this.#writer;
    return (await thread.call(verb, input)) as ReturnType<SyncVerbs[V]>;
  }
}

/** A Buffer arrives from the other thread as a plain Uint8Array; no other field of a batch is one. */
function withBuffers(batch: Batch): Batch {
  const fields = Object.entries(batch).map(([name, value]) => [
    name,
    isBytes(value) ? asBuffer(value) : value,
  ]);
  return Object.fromEntries(fields) as Batch;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

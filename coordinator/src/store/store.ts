import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture } from '../captures/capture.js';
import type { UserRole } from '../trust/identity.js';
import type { TokenRecord } from '../trust/tokens.js';

/** An agent that has joined. */
export interface AgentRecord {
  name: string;
  /** Serial of the agent's current certificate; an older one is no longer let in. */
  serial: string;
  enrolledNs: bigint;
  lastSeenNs: bigint;
  /** Serial of the renewed certificate that it has not used yet, empty for none. */
  nextSerial: string;
  /** Name of the authority that the current certificate is from. */
  issuer: string;
}

/** What tells an agent's certificates from all others; see AgentRecord. Serials are empty when it was shut out. */
export type AgentCertificate = Pick<AgentRecord, 'serial' | 'nextSerial' | 'issuer'>;

/** A person who may call, or might until they were revoked. */
export interface UserRecord {
  name: string;
  role: UserRole;
  /** Serial of the user's current certificate, empty when revoked. */
  serial: string;
  nextSerial: string;
  /** Name of the authority that the current certificate is from. */
  issuer: string;
  createdNs: bigint;
  expiresNs: bigint;
  /** 0: not revoked. */
  revokedNs: bigint;
}

/** A host that wants to join: what it shows, under which name, and when. */
export interface EnrolAttempt {
  tokenId: string;
  secretHash: string;
  name: string;
  nowNs: bigint;
}

/** Why a token does not let a name in. */
export type EnrolRefusal = 'unknown' | 'used' | 'expired' | 'other-name' | 'name-taken';

/** One line of the audit log. `detail` is for people and holds no secret. */
export interface AuditEntry {
  atNs: bigint;
  actor: string;
  action: string;
  subject: string;
  outcome: 'done' | 'refused' | 'failed';
  detail: string;
}

/** An entry with its place in the log. */
export interface StoredAuditEntry extends AuditEntry {
  /** 1 for the first, then without holes. */
  number: bigint;
  /** See auditHash; empty in what an older version wrote. */
  hash: Buffer;
}

/** What is committed of one tap. */
export interface TapTotals {
  /** Highest sequence number; 0 before the first batch. */
  sequence: bigint;
  packets: bigint;
}

/**
 * Everything that the coordinator must not forget, as verbs of its domain. A verb that returns has its
 * effect on disk. Every verb may reject with a BothendsError: `resource-exhausted` when the disk is full,
 * `data-loss` when the database is damaged, `internal` otherwise.
 */
export interface Store {
  addToken(token: TokenRecord): Promise<void>;
  /** Whether the token would let the name in now; null when it would. Consumes nothing. */
  enrolRefusal(attempt: EnrolAttempt): Promise<EnrolRefusal | null>;
  /** Consumes the token and records the agent with its certificate, both or neither; null when done. */
  enrol(
    attempt: EnrolAttempt,
    certificate: Pick<AgentCertificate, 'serial' | 'issuer'>,
  ): Promise<EnrolRefusal | null>;
  agents(): Promise<AgentRecord[]>;
  agentSeen(name: string, nowNs: bigint): Promise<void>;
  /** The certificates that let an agent in from now on. */
  setAgentCertificate(name: string, certificate: AgentCertificate): Promise<void>;
  /** Inserts the user or replaces the one of this name. */
  saveUser(user: UserRecord): Promise<void>;
  users(): Promise<UserRecord[]>;

  /** Inserts the capture or replaces it whole. */
  saveCapture(capture: Capture): Promise<void>;
  /** In the order of their requests. */
  captures(): Promise<Capture[]>;
  /** Takes its evidence and report with it. */
  deleteCapture(id: string): Promise<void>;

  /**
   * Commits batches in their order. Idempotent: a batch whose (tap, sequence) is there already changes
   * nothing, and so does one whose tap was deleted meanwhile. All of the others are committed, or none.
   */
  commit(batches: readonly Batch[]): Promise<void>;
  totals(tapId: string): Promise<TapTotals>;
  /** Batches of a tap after `sequence`, in order, at most `limit`; as they were shipped. */
  batches(tapId: string, sequence: bigint, limit: number): Promise<Batch[]>;

  /** The canonical JSON of a capture that is over. */
  saveReport(captureId: string, json: string): Promise<void>;
  report(captureId: string): Promise<string | null>;

  /** Appends to the audit log; no verb changes or deletes an entry. */
  audit(entry: AuditEntry): Promise<void>;
  /** Entries after this number, oldest first, at most `limit`. */
  auditLog(after: bigint, limit: number): Promise<StoredAuditEntry[]>;

  close(): Promise<void>;
}

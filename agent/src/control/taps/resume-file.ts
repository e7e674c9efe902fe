import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Arm } from '@bothends/proto/gen/bothends/v1/agent';

const FILE = 'resume.json';

/** What an agent that was killed while a tap recorded needs to go on with it. */
export interface ResumePoint {
  /** What the tap was asked for, without its key. */
  readonly arm: Arm;
  /** 16 bytes, or null for the published key of files. Digests on both sides of the gap have to compare. */
  readonly digestKey: Uint8Array | null;
  /** The boot during which `endsNs` is valid. */
  readonly bootId: string;
  /** When the agent ends the tap by itself: CLOCK_MONOTONIC, ns, which nobody sets. */
  readonly endsNs: bigint;
  /** Packets that were in the spool when the recording began: they do not count toward its limit. */
  readonly packetsBefore: number;
}

/**
 * Kept beside the spool from "start" until the tap stops, readable by its owner only. This is the only place
 * where the key of a capture's digests is on a disk, and it is the disk of the host whose payload they digest.
 */
export function saveResumePoint(directory: string, point: ResumePoint): void {
  const { arm, digestKey, bootId, endsNs, packetsBefore } = point;
  const saved: Saved = {
    arm: Arm.toJSON({ ...arm, digestKey: Buffer.alloc(0) }),
    digestKey: digestKey && Buffer.from(digestKey).toString('base64'),
    bootId,
    endsNs: String(endsNs),
    packetsBefore,
  };
  const path = join(directory, FILE);
  writeFileSync(`${path}.new`, JSON.stringify(saved), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Null where the tap was not recording, or the file is of no use: then the tap is not resumed. */
export function loadResumePoint(directory: string): ResumePoint | null {
  try {
    const saved = JSON.parse(readFileSync(join(directory, FILE), 'utf8')) as Saved;
    return {
      arm: Arm.fromJSON(saved.arm),
      digestKey: saved.digestKey === null ? null : Buffer.from(saved.digestKey, 'base64'),
      bootId: saved.bootId,
      endsNs: BigInt(saved.endsNs),
      packetsBefore: saved.packetsBefore,
    };
  } catch {
    return null;
  }
}

/** Removes what a resumption needs, key included. */
export function removeResumePoint(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

interface Saved {
  arm: unknown;
  digestKey: string | null;
  bootId: string;
  endsNs: string;
  packetsBefore: number;
}

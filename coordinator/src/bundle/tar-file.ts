import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BothendsError, readFailure } from '@bothends/proto';
import { BLOCK, hasTarMagic, padded, parseTarHeader, TAR_END } from './tar.js';

/** Where the content of a file lies in an archive. */
export interface TarMember {
  readonly path: string;
  readonly size: number;
  readonly offset: number;
}

/** The largest member that is read at once: a report with 100 000 flows is some 60 MB. */
const MAX_MEMBER_BYTES = 1024 * 1024 * 1024;

/** An archive on disk: where its members are, and what is wrong with it. */
export class TarFile {
  /** In the order of the archive; of a damaged one, up to the damage. */
  readonly members: readonly TarMember[];
  /** Sentences, each about one damaged place. */
  readonly damage: readonly string[];
  readonly #fd: number;

  private constructor(fd: number, members: readonly TarMember[], damage: readonly string[]) {
    this.#fd = fd;
    this.members = members;
    this.damage = damage;
  }

  /** Throws `not-found`, `permission-denied` when the file cannot be opened, `invalid-argument` when it is no tar at all. */
  static open(path: string): TarFile {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (cause) {
      const { code, why } = readFailure(cause);
      throw new BothendsError(code, `${path} cannot be opened: ${why}`, { cause });
    }
    try {
      const { members, damage } = scan(fd);
      if (members.length > 0 || seemsTar(fd)) return new TarFile(fd, members, damage);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    throw new BothendsError('invalid-argument', `${path} is no evidence bundle: it is not a tar`);
  }

  /** Content of a member. */
  read({ path, size, offset }: TarMember): Buffer {
    if (size > MAX_MEMBER_BYTES)
      throw new BothendsError('invalid-argument', `${path} is too large to be read`);
    const content = Buffer.alloc(size);
    readSync(this.#fd, content, 0, size, offset);
    return content;
  }

  /** The member of this path; undefined when there is none. */
  find(path: string): TarMember | undefined {
    return this.members.find((member) => member.path === path);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A tar whose very first header is damaged still says so in its magic, or ends as a tar does. */
function seemsTar(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size < 2 * BLOCK) return false;
  const first = Buffer.alloc(BLOCK);
  readSync(fd, first, 0, BLOCK, 0);
  return hasTarMagic(first) || (size % BLOCK === 0 && isEmpty(fd, size - TAR_END.length, size));
}

function scan(fd: number): { members: TarMember[]; damage: string[] } {
  const { size: end } = fstatSync(fd);
  const members: TarMember[] = [];
  const damage: string[] = [];
  const block = Buffer.alloc(BLOCK);
  let at = 0;
  while (at + BLOCK <= end) {
    readSync(fd, block, 0, BLOCK, at);
    const header = headerAt(block, at, damage);
    if (header === 'damaged') return { members, damage };
    if (header === null) break;
    const { path, size } = header;
    const offset = at + BLOCK;
    at = offset + padded(size);
    if (at > end) {
      damage.push(`the file ends within ${path}: ${at - end} bytes are missing`);
      return { members, damage };
    }
    members.push({ path, size, offset });
    if (!isEmpty(fd, offset + size, at)) damage.push(`the padding after ${path} is not empty`);
  }
  if (end - at !== TAR_END.length || !isEmpty(fd, at, end))
    damage.push(`the end of the tar, from byte ${at} on, is damaged`);
  return { members, damage };
}

function headerAt(
  block: Buffer,
  at: number,
  damage: string[],
): ReturnType<typeof parseTarHeader> | 'damaged' {
  try {
    return parseTarHeader(block);
  } catch {
    damage.push(
      `the tar header at byte ${at} is damaged, or of another program: what follows cannot be read`,
    );
    return 'damaged';
  }
}

/** Whether all bytes from `from` to `to` are 0. */
function isEmpty(fd: number, from: number, to: number): boolean {
  const bytes = Buffer.alloc(BLOCK);
  for (let at = from; at < to; at += BLOCK) {
    const read = readSync(fd, bytes, 0, Math.min(BLOCK, to - at), at);
    if (bytes.subarray(0, read).some((byte) => byte !== 0)) return false;
  }
  return true;
}

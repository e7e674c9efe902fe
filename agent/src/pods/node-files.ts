import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NetworkPlace } from './pod.js';

/** An OCI configuration has some 20 kB; anything far beyond is none. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Files of the node as this process reaches them: below `/`, or below the folder where a container has the node's root
 * mounted. Containers may have put anything there: a link, a pipe that nobody writes to, a file without end.
 */
export class NodeFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The path as this process opens it. */
  path(...parts: readonly string[]): string {
    return join(this.#root, ...parts);
  }

  has(...parts: readonly string[]): boolean {
    return existsSync(this.path(...parts));
  }

  /** True for a folder itself, not for a link to one, which might lead out of the container that it is in. */
  isFolder(...parts: readonly string[]): boolean {
    try {
      return lstatSync(this.path(...parts)).isDirectory();
    } catch {
      return false;
    }
  }

  /** Names in a folder; null where it is missing or closed to this process. */
  list(...parts: readonly string[]): string[] | null {
    try {
      return readdirSync(this.path(...parts));
    } catch {
      return null;
    }
  }

  /** The text of a plain file, no link; null where there is none that can be read. */
  read(...parts: readonly string[]): string | null {
    let file: number;
    try {
      file = openSync(this.path(...parts), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      return null;
    }
    try {
      if (!fstatSync(file).isFile()) return null;
      const bytes = Buffer.alloc(MAX_FILE_BYTES);
      let length = 0;
      for (let more = 1; more > 0 && length < bytes.length; length += more)
        more = readSync(file, bytes, length, bytes.length - length, null);
      return bytes.toString('utf8', 0, length);
    } catch {
      return null;
    } finally {
      closeSync(file);
    }
  }

  /**
   * The file by which a runtime keeps a pod's network namespace, else that of a process in it. The kept file comes first,
   * because the number of a process is given again.
   * @param kept as `networkOf` says
   */
  network(kept: string | null, pid: number): NetworkPlace {
    if (kept === null) return { kind: 'of-node' };
    // /var/run is a link to /run, which below another root would lead back to this one's.
    const path = this.path(kept.replace(/^\/var\/run\//, '/run/'));
    if (kept.startsWith('/') && isNamespace(path)) return { kind: 'namespace', file: path };
    const ofProcess = this.path('proc', String(pid), 'ns/net');
    return pid > 0 && isNamespace(ofProcess) ? { kind: 'namespace', file: ofProcess } : { kind: 'ended' };
  }
}

/** NSFS_MAGIC of linux/magic.h: the file system that namespaces are files of. */
const NSFS = 0x6e736673;

/** False for the empty file that a runtime mounts a namespace on, seen from where that mount is not. */
function isNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS;
  } catch {
    return false;
  }
}

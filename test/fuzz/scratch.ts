import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls `body` with the paths of files with these contents, which are gone afterwards. */
export function withFiles<T>(contents: readonly Uint8Array[], body: (paths: string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-fuzz-'));
  try {
    const paths = contents.map((bytes, i) => {
      const path = join(folder, `${i}.pcap`);
      writeFileSync(path, bytes);
      return path;
    });
    return body(paths);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

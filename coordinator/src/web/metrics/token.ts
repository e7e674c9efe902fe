import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../../trust/private-file.js';

/** What Prometheus shows to be let in; in the data directory, made on first start. */
export class MetricsToken {
  readonly #digest: Buffer;

  private constructor(token: string) {
    this.#digest = digest(token);
  }

  /** `metrics-token` in the data directory; put another text there to change it. */
  static async open(dataDir: string): Promise<MetricsToken> {
    const path = join(dataDir, 'metrics-token');
    const present = await readFile(path, 'utf8').catch(() => '');
    const token = present.trim() || randomBytes(32).toString('base64url');
    if (present.trim() === '') await writePrivateFile(path, `${token}\n`);
    return new MetricsToken(token);
  }

  /** Whether an Authorization header carries it (RFC 6750). */
  admits(authorization: string | undefined): boolean {
    const [, given] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

/** Of equal length whatever was given. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

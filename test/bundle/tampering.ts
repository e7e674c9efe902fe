import { createHash, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Manifest } from '@bothends/coordinator/bundle';
import { TAR_END, tarEntry } from '@bothends/coordinator/bundle/tar';
import { TarFile } from '@bothends/coordinator/bundle/tar-file';
import { canonicalJson } from '@bothends/proto';
import { publicKeyDer } from '@bothends/proto/evidence/keys';

/** The members of a bundle, to be changed and put together again as a forger would. */
export class Members {
  readonly contents: Map<string, Buffer>;

  constructor(path: string) {
    const tar = TarFile.open(path);
    this.contents = new Map(tar.members.map((member) => [member.path, tar.read(member)]));
    tar.close();
  }

  text(path: string): string {
    return this.contents.get(path)?.toString() ?? '';
  }

  /** Replaces what stands in a member. */
  edit(path: string, change: (text: string) => string): void {
    this.contents.set(path, Buffer.from(change(this.text(path))));
  }

  /** Writes the manifest anew for what is there now, signed with another key or with the coordinator's own. */
  resign(key: KeyObject): void {
    const manifest = JSON.parse(this.text('manifest.json')) as Manifest;
    manifest.files = [...this.contents]
      .filter(([path]) => !path.startsWith('manifest.'))
      .map(([path, content]) => ({
        path,
        size: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      }));
    if (manifest.signer) manifest.signer.publicKey = publicKeyDer(key).toString('base64');
    const bytes = Buffer.from(canonicalJson(manifest));
    this.contents.set('manifest.json', bytes);
    this.contents.set('manifest.sig', sign(null, bytes, key));
  }

  write(path: string): void {
    const entries = [...this.contents].map(([name, content]) => tarEntry(name, content, 0));
    writeFileSync(path, Buffer.concat([...entries, TAR_END]));
  }
}

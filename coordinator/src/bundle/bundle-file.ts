import { BothendsError, type Report } from '@bothends/proto';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { type CaptureDocument, parseDocument } from './document.js';
import { CAPTURE, parseBatchPath, REPORT } from './manifest.js';
import { TarFile, type TarMember } from './tar-file.js';

/** A bundle opened for what is in it; what it promises is not checked here. */
export class BundleFile {
  readonly document: CaptureDocument;
  readonly report: Report;
  readonly #tar: TarFile;

  private constructor(tar: TarFile) {
    this.#tar = tar;
    this.document = parseDocument(this.#text(CAPTURE));
    this.report = JSON.parse(this.#text(REPORT)) as Report;
  }

  /** Throws `not-found`, `invalid-argument` for what is no bundle, `data-loss` for one that cannot be read. */
  static open(path: string): BundleFile {
    const tar = TarFile.open(path);
    try {
      return new BundleFile(tar);
    } catch (error) {
      tar.close();
      if (error instanceof BothendsError) throw error;
      throw new BothendsError('data-loss', `${path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** The batches of one tap, 1 or 2, in their order. */
  *batches(tap: number): Generator<Batch> {
    for (const member of this.#tar.members) {
      if (parseBatchPath(member.path)?.tap === tap) yield decode(member, this.#tar.read(member));
    }
  }

  close(): void {
    this.#tar.close();
  }

  #text(path: string): string {
    const member = this.#tar.find(path);
    if (member) return this.#tar.read(member).toString();
    throw new BothendsError('invalid-argument', `this is no evidence bundle: it holds no ${path}`);
  }
}

function decode({ path }: TarMember, content: Buffer): Batch {
  try {
    return Batch.decode(content);
  } catch (cause) {
    throw new BothendsError(
      'data-loss',
      `${path} cannot be decoded: "bothends verify" tells what is damaged`,
      {
        cause,
      },
    );
  }
}

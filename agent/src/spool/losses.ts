import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { BothendsError } from '@bothends/proto';

/** Batches that the spool had and has no more, or could not take. */
export interface Loss {
  /** Sequence numbers of the batches; both 0 for batches that never got one. */
  fromSequence: number;
  toSequence: number;
  /** 0: unknown. */
  packets: number;
  fromNs: bigint;
  toNs: bigint;
  cause: LossCause;
}

/** `spool-full`: past the limit or no space on the disk. `spool-damaged`: unreadable after a crash. */
export type LossCause = 'spool-full' | 'spool-damaged';

/** Everything that a spool lost since its tap opened, on disk beside it. */
export class LossLedger {
  readonly #path: string;
  readonly #losses: Loss[];
  #committed: number;

  private constructor(path: string, losses: Loss[], committed: number) {
    this.#path = path;
    this.#losses = losses;
    this.#committed = committed;
  }

  /** Reads the ledger at `path`, a new one when there is none. Throws `data-loss` when the file is damaged. */
  static open(path: string): LossLedger {
    if (!existsSync(path)) return new LossLedger(path, [], 0);
    try {
      const { committed, losses } = JSON.parse(readFileSync(path, 'utf8')) as Saved;
      return new LossLedger(path, losses.map(fromSaved), committed);
    } catch (cause) {
      throw new BothendsError('data-loss', `${path} is damaged: what the spool dropped is not known`, {
        cause,
      });
    }
  }

  get all(): readonly Loss[] {
    return this.#losses;
  }

  /** Packets known to be lost. */
  get packets(): number {
    return this.#losses.reduce((sum, loss) => sum + loss.packets, 0);
  }

  /** The lost batches that the coordinator has not yet been told of. */
  get owed(): readonly Loss[] {
    return this.#losses.filter((loss) => loss.toSequence > this.#committed);
  }

  /** The loss of one batch, null when it is not known to be lost. */
  at(sequence: number): Loss | null {
    return this.#losses.find((l) => l.fromSequence <= sequence && sequence <= l.toSequence) ?? null;
  }

  /** Adds a loss; one that follows the last without a batch between them makes that one longer. */
  add(loss: Loss): void {
    const last = this.#losses.at(-1);
    if (last && follows(last, loss)) {
      last.toSequence = loss.toSequence;
      last.packets += loss.packets;
      if (loss.fromNs < last.fromNs) last.fromNs = loss.fromNs;
      if (loss.toNs > last.toNs) last.toNs = loss.toNs;
    } else {
      this.#losses.push({ ...loss });
    }
    this.#save();
  }

  /** The coordinator knows of every batch and loss up to `sequence`. */
  commit(sequence: number): void {
    const settles = this.owed.some((loss) => loss.toSequence <= sequence);
    this.#committed = Math.max(this.#committed, sequence);
    if (settles) this.#save();
  }

  /** Writes the ledger as a whole or not at all. */
  #save(): void {
    const saved: Saved = { committed: this.#committed, losses: this.#losses.map(toSaved) };
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(saved), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // On a full disk the ledger stays in memory, and the coverage of the next batch carries it.
    }
  }
}

/** Bigints as text, because JSON has none. */
type SavedLoss = Omit<Loss, 'fromNs' | 'toNs'> & { fromNs: string; toNs: string };

interface Saved {
  committed: number;
  losses: SavedLoss[];
}

const toSaved = (loss: Loss): SavedLoss => ({ ...loss, fromNs: `${loss.fromNs}`, toNs: `${loss.toNs}` });

const fromSaved = (loss: SavedLoss): Loss => ({
  ...loss,
  fromNs: BigInt(loss.fromNs),
  toNs: BigInt(loss.toNs),
});

function follows(last: Loss, loss: Loss): boolean {
  if (last.cause !== loss.cause) return false;
  if (loss.fromSequence === 0) return last.toSequence === 0;
  return last.toSequence > 0 && loss.fromSequence === last.toSequence + 1;
}

import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool, type SpoolEntry } from './spool.js';

const ROOMY = { limitBytes: 1 << 20 };
/** A limit of 64 records of about 1 kB, in eight segments. */
const TIGHT = { limitBytes: 64 * 1024 };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put(spool: Spool, text: string, at = 1): boolean {
  return spool.append({ packets: 2, firstNs: BigInt(at), lastNs: BigInt(at + 1) }, [Buffer.from(text)]);
}

function describeEntry(entry: SpoolEntry | null): string {
  if (entry === null) return 'nothing';
  return entry.kind === 'batch' ? Buffer.from(entry.payload).toString() : `lost ${entry.loss.cause}`;
}

/** Everything that a reader gets from the start. */
function readAll(spool: Spool): string[] {
  const all: string[] = [];
  for (let at = spool.committed; ; ) {
    const entry = spool.read(at);
    if (entry === null) return all;
    all.push(describeEntry(entry));
    at = entry.sequence;
  }
}

function segmentFiles(): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(directory, name));
}

describe('spool', () => {
  it('numbers batches from 1 and gives them back in order', () => {
    const spool = Spool.open(directory, ROOMY);
    for (const text of ['a', 'b', 'c']) put(spool, text);
    expect(readAll(spool)).toEqual(['a', 'b', 'c']);
    expect(spool.read(1)?.sequence).toBe(2);
    expect(spool.read(3)).toBeNull();
    expect(spool.nextSequence).toBe(4);
  });

  it('reads on from anywhere again, as after a reconnect', () => {
    const spool = Spool.open(directory, ROOMY);
    for (const text of ['a', 'b', 'c']) put(spool, text);
    readAll(spool);
    expect(describeEntry(spool.read(0))).toBe('a');
    expect(describeEntry(spool.read(2))).toBe('c');
    expect(describeEntry(spool.read(1))).toBe('b');
  });

  it('forgets what is committed and gives the disk back', () => {
    const spool = Spool.open(directory, TIGHT);
    for (let i = 0; i < 40; i++) put(spool, 'x'.repeat(1000));
    const full = spool.bytes;
    spool.commit(40);
    expect(spool.drained).toBe(true);
    expect(spool.read(0)).toBeNull();
    expect(segmentFiles()).toHaveLength(1);
    expect(spool.bytes).toBeLessThan(full / 2);
  });

  it('goes on where it was after a restart', () => {
    const first = Spool.open(directory, TIGHT);
    for (let i = 1; i <= 30; i++) put(first, `${i}${'-'.repeat(1000)}`);
    first.commit(20);
    first.close();
    const second = Spool.open(directory, TIGHT);
    expect(second.nextSequence).toBe(31);
    expect(second.losses.all).toEqual([]);
    put(second, 'after');
    second.commit(20);
    const texts = readAll(second).map((text) => text.replace(/-{2,}/, ''));
    expect(texts).toEqual(['21', '22', '23', '24', '25', '26', '27', '28', '29', '30', 'after']);
  });

  it('keeps counting when everything was committed before the restart', () => {
    const first = Spool.open(directory, ROOMY);
    put(first, 'a');
    first.commit(1);
    first.close();
    expect(Spool.open(directory, ROOMY).nextSequence).toBe(2);
  });

  it('takes the number of the coordinator when that knows more than the disk', () => {
    const spool = Spool.open(directory, ROOMY);
    put(spool, 'a');
    spool.commit(7);
    put(spool, 'b');
    expect(spool.read(7)).toMatchObject({ kind: 'batch', sequence: 8 });
    spool.close();
    expect(Spool.open(directory, ROOMY).nextSequence).toBe(9);
  });

  it('cuts a torn tail at every length and keeps what is whole', () => {
    const written = Spool.open(directory, ROOMY);
    put(written, 'first');
    const whole = written.bytes;
    put(written, 'second');
    const total = written.bytes;
    written.close();
    const [path] = segmentFiles();
    const bytes = readFileSync(path);
    for (let length = whole; length < total; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const spool = Spool.open(directory, ROOMY);
      expect(readAll(spool)).toEqual(['first']);
      expect(spool.nextSequence).toBe(2);
      spool.close();
      expect(readFileSync(path)).toHaveLength(whole);
    }
  });

  it('starts anew when not even the first record is whole', () => {
    const written = Spool.open(directory, ROOMY);
    put(written, 'first');
    written.close();
    truncateSync(segmentFiles()[0], 10);
    const spool = Spool.open(directory, ROOMY);
    expect(spool.nextSequence).toBe(1);
    expect(put(spool, 'again')).toBe(true);
    expect(readAll(spool)).toEqual(['again']);
  });

  it('ignores files that are not its own', () => {
    writeFileSync(join(directory, 'notes.txt'), 'hello');
    appendFileSync(join(directory, '000000000001.seg.bak'), 'x');
    expect(Spool.open(directory, ROOMY).nextSequence).toBe(1);
  });
});

describe('a full spool', () => {
  it('does not call lost what was committed of a segment that it drops', () => {
    const spool = Spool.open(directory, TIGHT);
    const write = () => put(spool, 'x'.repeat(1000));
    while (segmentFiles().length < 2) write();
    // The first segment is committed but for its last two batches.
    const last = spool.nextSequence - 2;
    spool.commit(last - 2);
    while (spool.losses.all.length === 0) write();
    expect(spool.losses.all).toMatchObject([{ fromSequence: last - 1, toSequence: last, packets: 4 }]);
    expect(spool.committed).toBe(last - 2);
  });

  it('drops whole segments, oldest first, and says which packets and when', () => {
    const spool = Spool.open(directory, TIGHT);
    for (let i = 1; i <= 100; i++) put(spool, `${i}${'-'.repeat(1000)}`, i * 10);
    expect(spool.bytes).toBeLessThanOrEqual(TIGHT.limitBytes);
    expect(spool.losses.all).toHaveLength(1);
    const [loss] = spool.losses.all;
    expect(loss).toMatchObject({ fromSequence: 1, cause: 'spool-full', fromNs: 10n });
    expect(loss.packets).toBe(loss.toSequence * 2);
    expect(loss.toNs).toBe(BigInt(loss.toSequence * 10 + 1));
    const texts = readAll(spool).map((text) => text.replace(/-{2,}/, ''));
    expect(texts).toHaveLength(100);
    expect(texts.slice(0, loss.toSequence)).toEqual(
      Array.from({ length: loss.toSequence }, () => 'lost spool-full'),
    );
    expect(texts.slice(loss.toSequence)).toEqual(
      Array.from({ length: 100 - loss.toSequence }, (_, i) => String(loss.toSequence + 1 + i)),
    );
  });

  it('does not call lost what was committed', () => {
    const spool = Spool.open(directory, TIGHT);
    for (let i = 0; i < 200; i++) {
      put(spool, 'x'.repeat(1000));
      spool.commit(i);
    }
    expect(spool.losses.all).toEqual([]);
  });

  it('still owes the news of a loss after a restart, and no longer once it is committed', () => {
    const first = Spool.open(directory, TIGHT);
    for (let i = 0; i < 100; i++) put(first, 'x'.repeat(1000));
    const lost = first.losses.all[0].toSequence;
    first.close();
    const second = Spool.open(directory, TIGHT);
    expect(second.committed).toBe(0);
    expect(readAll(second).filter((text) => text.startsWith('lost'))).toHaveLength(lost);
    second.commit(90);
    second.close();
    const third = Spool.open(directory, TIGHT);
    expect(readAll(third).filter((text) => text.startsWith('lost'))).toEqual([]);
    expect(third.losses.packets).toBe(lost * 2);
  });
});

describe('a damaged spool', () => {
  it('declares what it cannot read any more and gives the rest', () => {
    const written = Spool.open(directory, TIGHT);
    for (let i = 1; i <= 20; i++) put(written, `${i}${'-'.repeat(1000)}`);
    written.close();
    const [first] = segmentFiles();
    const bytes = readFileSync(first);
    bytes[bytes.length - 500] ^= 1;
    writeFileSync(first, bytes);
    const spool = Spool.open(directory, TIGHT);
    const texts = readAll(spool);
    expect(texts).toHaveLength(20);
    expect(texts.filter((text) => text === 'lost spool-damaged')).toHaveLength(1);
    expect(spool.losses.all).toMatchObject([{ cause: 'spool-damaged' }]);
  });

  it('notices damage that happens while it is open', () => {
    const spool = Spool.open(directory, ROOMY);
    for (const text of ['aaaa', 'bbbb']) put(spool, text);
    const [path] = segmentFiles();
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect(readAll(spool)).toEqual(['aaaa', 'lost spool-damaged']);
  });
});

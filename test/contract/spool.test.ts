import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spool } from '@bothends/agent/spool/spool';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The payload of batch `i`: of many lengths, and told from any other's. */
const payloadOf = (i: number) => Buffer.alloc(100 + ((i * 37) % 3000), i % 251);

/** Appends batches as fast as it can and says after each which one `append` has taken. */
const WRITER = `
import { writeSync } from 'node:fs';
import { Spool } from '@bothends/agent/spool/spool';
const payloadOf = ${payloadOf};
const spool = Spool.open(process.argv[1], { limitBytes: 1 << 26 });
for (let i = spool.nextSequence; i < 1e6; i++) {
  spool.append({ packets: 1, firstNs: BigInt(i), lastNs: BigInt(i) }, [payloadOf(i)]);
  writeSync(1, i + '\\n');
}
`;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the writer, kills it with -9 in the middle, and returns the last batch that it said was taken. */
async function writeAndDie(bytesOfOutput: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.length > bytesOfOutput) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  const whole = said.slice(0, said.lastIndexOf('\n'));
  return Number(whole.slice(whole.lastIndexOf('\n') + 1));
}

describe('spool of a process killed with -9', () => {
  it('has every batch that append returned for, and goes on counting, again and again', async () => {
    for (const output of [500, 3000, 9000]) {
      const taken = await writeAndDie(output);
      const spool = Spool.open(directory, { limitBytes: 1 << 26 });
      expect(spool.nextSequence).toBeGreaterThan(taken);
      expect(spool.losses.all).toEqual([]);
      for (let sequence = 1; sequence < spool.nextSequence; sequence++) {
        const entry = spool.read(sequence - 1);
        if (entry?.kind !== 'batch') expect.fail(`batch ${sequence} is not there`);
        expect(payloadOf(sequence).equals(entry.payload)).toBe(true);
      }
      spool.close();
    }
  });
});

/** Mounts a file system of 256 kB; returns why not, where it cannot. */
function mountTiny(path: string): string | null {
  mkdirSync(path);
  if (process.getuid?.() !== 0) return 'not root, so no small file system can be mounted';
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path]);
  return mounted.status === 0 ? null : `mount says: ${mounted.stderr}`;
}

describe('spool on a full disk', () => {
  /** Runs `body` with a spool on a file system of 256 kB. */
  function onTinyDisk(test: { skip(note: string): void }, limitBytes: number, body: (spool: Spool) => void) {
    const path = join(directory, 'tiny');
    const reason = mountTiny(path);
    if (reason) {
      console.warn(`SKIPPED: ${reason}`);
      test.skip(reason);
      return;
    }
    try {
      const spool = Spool.open(path, { limitBytes });
      body(spool);
      spool.close();
    } finally {
      spawnSync('umount', ['-l', path]);
    }
  }

  const append = (spool: Spool, at: number) =>
    spool.append({ packets: 1, firstNs: BigInt(at), lastNs: BigInt(at) }, [Buffer.alloc(1000, 1)]);

  it('declares what did not fit, keeps what did, and takes batches again when there is room', (test) => {
    onTinyDisk(test, 1 << 19, (spool) => {
      const kept = Array.from({ length: 400 }, (_, i) => append(spool, i)).filter(Boolean).length;
      // Overheads of the file system aside, 256 records of 1 kB fit.
      expect(kept).toBeGreaterThan(150);
      expect(kept).toBeLessThan(256);
      expect(spool.nextSequence).toBe(kept + 1);
      expect(spool.losses.packets).toBe(400 - kept);
      expect(spool.losses.all.at(-1)).toMatchObject({ cause: 'spool-full', toNs: 399n });
      spool.commit(kept);
      expect(append(spool, 400)).toBe(true);
      expect(spool.read(kept)).toMatchObject({ kind: 'batch', sequence: kept + 1 });
    });
  });

  it('does not fill up with what is committed, however large its segments may grow', (test) => {
    onTinyDisk(test, 1 << 30, (spool) => {
      for (let i = 1; i <= 1000; i++) {
        expect(append(spool, i)).toBe(true);
        expect(spool.read(i - 1)).toMatchObject({ kind: 'batch', sequence: i });
        spool.commit(i);
      }
      expect(spool.losses.all).toEqual([]);
    });
  });
});

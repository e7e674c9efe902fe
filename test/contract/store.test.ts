import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Capture } from '@bothends/coordinator/captures/capture';
import { SqliteStore } from '@bothends/coordinator/store/sqlite/sqlite-store';
import type { Store } from '@bothends/coordinator/store/store';
import { testCapture } from '@bothends/coordinator/testing/captures';
import { batch, coverage, segments } from '@bothends/coordinator/testing/packets';
import { crc32, decodeColumns, PacketTable } from '@bothends/proto';
import { AuditChain } from '@bothends/proto/evidence/audit-chain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Every store keeps this contract; a new one adds itself here. */
const STORES: readonly { name: string; open: (directory: string) => Promise<Store> }[] = [
  { name: 'sqlite', open: async (directory) => await SqliteStore.open(directory) },
];

/** A capture with a value of every kind that must survive. */
function capture(id: string, change: Partial<Capture> = {}): Capture {
  return testCapture({
    id,
    requestedNs: 1_767_225_600_123_456_789n,
    phase: { state: 'recording', startedNs: 1n, deadlineNs: 2n ** 63n - 1n },
    prior: { offsetNs: -5_000_000_000_000_000_001n, errorNs: 12.5 },
    ...change,
  });
}

describe.each(STORES)('$name store', ({ open }) => {
  let directory: string;
  let store: Store;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bothends-store-'));
    store = await open(directory);
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function reopen(): Promise<void> {
    await store.close();
    store = await open(directory);
  }

  test('a capture comes back as it was saved, times to the nanosecond, after a restart too', async () => {
    await store.saveCapture(capture('c-1'));
    await reopen();
    expect(await store.captures()).toEqual([capture('c-1')]);
  });

  test('writes that wait together all last, but for the one that is wrong', async () => {
    const token = { id: 't-1', secretHash: 'x', name: null, expiresNs: 9n };
    await store.addToken(token);
    const ids = Array.from({ length: 20 }, (_, i) => `c-${i}`);
    const writes = [
      ...ids.slice(0, 10).map((id) => store.saveCapture(capture(id))),
      store.addToken(token),
      store.commit([batch('c-3-client', 1, segments(4), coverage(4))]),
      ...ids.slice(10).map((id) => store.saveCapture(capture(id))),
    ];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status).indexOf('rejected')).toBe(10);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    await reopen();
    expect((await store.captures()).map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await store.totals('c-3-client')).toEqual({ sequence: 1n, packets: 4n });
  });

  test('captures are listed in the order of their requests, the newest state of each', async () => {
    await store.saveCapture(capture('c-b', { requestedNs: 2n }));
    await store.saveCapture(capture('c-a', { requestedNs: 1n }));
    await store.saveCapture(capture('c-b', { requestedNs: 2n, headline: 'done' }));
    expect((await store.captures()).map(({ id, headline }) => [id, headline])).toEqual([
      ['c-a', ''],
      ['c-b', 'done'],
    ]);
  });

  test('batches come back as shipped, in order, from where one asks', async () => {
    await store.saveCapture(capture('c-1'));
    const shipped = [1, 2, 3].map((sequence) =>
      batch('c-1-client', sequence, segments(sequence), coverage(10)),
    );
    await store.commit(shipped);
    expect(await store.batches('c-1-client', 0n, 10)).toEqual(shipped);
    expect(await store.batches('c-1-client', 1n, 1)).toEqual([shipped[1]]);
    expect(await store.batches('c-1-server', 0n, 10)).toEqual([]);
    expect(await store.totals('c-1-client')).toEqual({ sequence: 3n, packets: 6n });
  });

  test('a batch that comes twice is there once, as it came first', async () => {
    await store.saveCapture(capture('c-1'));
    const first = batch('c-1-client', 1, segments(2), coverage(2));
    await store.commit([first]);
    await store.commit([batch('c-1-client', 1, segments(3), coverage(3)), first]);
    expect(await store.batches('c-1-client', 0n, 10)).toEqual([first]);
    expect(await store.totals('c-1-client')).toEqual({ sequence: 1n, packets: 2n });
  });

  test('times of a wild clock keep all their bits', async () => {
    await store.saveCapture(capture('c-1'));
    const wild = {
      ...batch('c-1-client', 1, segments(1), coverage(1)),
      firstNs: 2n ** 64n - 1n,
      lastNs: 2n ** 63n,
    };
    await store.commit([wild]);
    expect(await store.batches('c-1-client', 0n, 1)).toEqual([wild]);
  });

  test('a deleted capture takes its evidence and report along, and later batches of it vanish', async () => {
    await store.saveCapture(capture('c-1'));
    await store.saveCapture(capture('c-2'));
    await store.commit([
      batch('c-1-client', 1, segments(2), coverage(2)),
      batch('c-2-client', 1, segments(1), coverage(1)),
    ]);
    await store.saveReport('c-1', '{}\n');
    await store.deleteCapture('c-1');
    await store.commit([batch('c-1-client', 2, segments(2), coverage(4))]);
    expect((await store.captures()).map(({ id }) => id)).toEqual(['c-2']);
    expect(await store.batches('c-1-client', 0n, 10)).toEqual([]);
    expect(await store.report('c-1')).toBeNull();
    expect(await store.totals('c-2-client')).toEqual({ sequence: 1n, packets: 1n });
  });

  test('of a report the last one counts', async () => {
    await store.saveCapture(capture('c-1'));
    expect(await store.report('c-1')).toBeNull();
    await store.saveReport('c-1', 'first\n');
    await store.saveReport('c-1', 'second\n');
    expect(await store.report('c-1')).toBe('second\n');
  });

  test('many commits at once are all done, and those of one tap in order', async () => {
    await store.saveCapture(capture('c-1'));
    const sequences = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(
      sequences.map(async (sequence) => {
        await store.commit([batch('c-1-client', sequence, segments(1), coverage(sequence))]);
        expect((await store.totals('c-1-client')).sequence).toBeGreaterThanOrEqual(BigInt(sequence));
      }),
    );
    const stored = await store.batches('c-1-client', 0n, 1000);
    expect(stored.map(({ sequence }) => Number(sequence))).toEqual(sequences);
  });

  test('audit entries are kept in order', async () => {
    for (const action of ['first', 'second', 'third']) {
      await store.audit({ atNs: 1n, actor: 'a', action, subject: 's', outcome: 'done', detail: '' });
    }
    const log = await store.auditLog(1n, 9);
    expect(log.map(({ number, action }) => [number, action])).toEqual([
      [2n, 'second'],
      [3n, 'third'],
    ]);
    expect((await store.auditLog(0n, 2)).map(({ action }) => action)).toEqual(['first', 'second']);
  });

  test('the audit log is one chain, over a restart too', async () => {
    const entry = {
      atNs: 5n,
      actor: 'a',
      action: 'x',
      subject: 'ü "s"',
      outcome: 'done',
      detail: '',
    } as const;
    await store.audit(entry);
    await reopen();
    await store.audit(entry);
    const chain = new AuditChain();
    for (const line of await store.auditLog(0n, 9)) chain.add(line);
    expect(chain.result()).toMatchObject({ whole: true, entries: 2 });
  });

  test('a user comes back as saved, one for each name', async () => {
    const user = {
      name: 'vera',
      role: 'viewer',
      serial: 'A1',
      issuer: 'bothends CA 1',
      nextSerial: '',
      createdNs: 1n,
      expiresNs: 2n,
      revokedNs: 0n,
    } as const;
    await store.saveUser(user);
    await store.saveUser({ ...user, role: 'admin', revokedNs: 9n });
    await reopen();
    expect(await store.users()).toEqual([{ ...user, role: 'admin', revokedNs: 9n }]);
  });

  test('a second store on the same directory is refused, and says where', async () => {
    await expect(open(directory)).rejects.toThrow(`another coordinator is running on ${directory}`);
  });
});

describe('sqlite store on a damaged directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bothends-store-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  test('a file that is no database is named as such', async () => {
    await writeFile(join(directory, 'bothends.db'), 'not a database, but long enough to look at'.repeat(100));
    await expect(SqliteStore.open(directory)).rejects.toMatchObject({ code: 'data-loss' });
  });

  test('whatever was acknowledged survives kill -9 of the writer, whole and without holes', async () => {
    const writer = spawn(process.execPath, ['--input-type=module', '--eval', WRITER], {
      cwd: import.meta.dirname,
      env: { ...process.env, DIRECTORY: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const acknowledged = await killAfter(writer, 300);
    const store = await SqliteStore.open(directory);
    const { sequence, packets } = await store.totals('c-1-client');
    expect(sequence).toBeGreaterThanOrEqual(BigInt(acknowledged));
    const table = new PacketTable();
    let next = 1n;
    for (let after = 0n; after < sequence; after += 100n) {
      for (const stored of await store.batches('c-1-client', after, 100)) {
        expect(stored.sequence).toBe(next++);
        expect(crc32(stored.columns)).toBe(stored.crc32);
        decodeColumns(stored.columns, table);
        expect(table.length).toBe(50);
      }
    }
    expect(next - 1n).toBe(sequence);
    expect(packets).toBe(sequence * 50n);
    await store.close();
  });
});

const canMount = process.getuid?.() === 0;
const title = 'a full disk refuses batches as resource-exhausted and keeps what it has; with room it goes on';

test.skipIf(!canMount)(
  canMount ? title : `${title} (SKIPPED: mounting a small disk needs root)`,
  async () => {
    const disk = await mkdtemp(join(tmpdir(), 'bothends-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    try {
      const ballast = join(disk, 'ballast');
      await writeFile(ballast, Buffer.alloc(1_000_000));
      const store = await SqliteStore.open(disk);
      await store.saveCapture(capture('c-1'));
      const large = segments(4096);
      for (let i = 0; i < large.length; i++) large.digestHigh[i] = Math.imul(i, 2_654_435_761) >>> 0;
      let sequence = 0;
      const commitNext = async () =>
        await store.commit([batch('c-1-client', sequence + 1, large, coverage(0))]);
      const fill = async () => {
        for (; sequence < 1000; sequence++) await commitNext();
      };
      await expect(fill()).rejects.toMatchObject({ code: 'resource-exhausted' });
      expect((await store.totals('c-1-client')).sequence).toBe(BigInt(sequence));
      await rm(ballast);
      await commitNext();
      expect((await store.totals('c-1-client')).sequence).toBe(BigInt(sequence + 1));
      await store.close();
    } finally {
      execFileSync('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  },
);

/** Commits batches without pause, eight at a time, and prints the number of each that was acknowledged. */
const WRITER = `
import { SqliteStore } from '@bothends/coordinator/store/sqlite/sqlite-store';
import { testCapture } from '@bothends/coordinator/testing/captures';
import { batch, coverage, segments } from '@bothends/coordinator/testing/packets';
const store = await SqliteStore.open(process.env.DIRECTORY);
await store.saveCapture(testCapture());
const table = segments(50);
let sequence = 0;
const one = async () => {
  while (true) {
    const mine = ++sequence;
    await store.commit([batch('c-1-client', mine, table, coverage(mine * 50))]);
    process.stdout.write(mine + '\\n');
  }
};
await Promise.all(Array.from({ length: 8 }, one));
`;

/** Kills the process once it has printed this many lines; returns the largest number among all it printed. */
async function killAfter(child: ChildProcess, lines: number): Promise<number> {
  if (child.stdout === null) throw new Error('the writer has no stdout');
  const exit = once(child, 'exit');
  let seen = 0;
  let largest = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    largest = Math.max(largest, Number(line));
    if (++seen === lines) child.kill('SIGKILL');
  }
  await exit;
  expect(seen).toBeGreaterThanOrEqual(lines);
  return largest;
}

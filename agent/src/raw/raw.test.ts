import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PacketTable } from '@bothends/proto';
import { AuditChain } from '@bothends/proto/evidence/audit-chain';
import { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCaptureFile } from '../capture/pcapfile/file.js';
import { LinkType } from '../decode/link.js';
import { DEFAULT_POLICY, type Policy } from '../policy/policy.js';
import { HostAudit, parseAuditLine } from './host-audit.js';
import { RawExporter } from './raw-export.js';
import type { RawFile } from './raw-file.js';
import { RawStore } from './raw-store.js';

const ARM: Arm = {
  ...Arm.decode(Buffer.alloc(0)),
  ...{ captureId: 'c-1', tapId: 'c-1-client', interface: 'eth0', requestedBy: 'olga', keepRaw: true },
};
/** An Ethernet frame with a UDP datagram whose payload nobody but the owner is to see. */
const FRAME = Buffer.concat([
  Buffer.from('02000000000202000000000108004500002900010000401100000a0000010a000002', 'hex').subarray(0, 34),
  Buffer.from('9c40138a00150000', 'hex'),
  Buffer.from('secretpayload'),
]);
const SECONDS = 1_790_000_000;
const NANOSECONDS = 999_999_999;
const HOUR_MS = 3_600_000;

let directory: string;
let policy: Policy;
let audit: HostAudit;
let store: RawStore;

const auditPath = () => join(directory, 'audit.log');
const pathOf = (tapId = ARM.tapId) => join(directory, 'raw', `${tapId}.pcapng`);
const newStore = () =>
  new RawStore({
    ...{ directory: join(directory, 'raw'), name: 'db-1', audit, logger: pino({ level: 'silent' }) },
    policy: () => policy,
  });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-raw-'));
  policy = { ...DEFAULT_POLICY, rawPackets: 'export' };
  audit = new HostAudit(auditPath(), () => 1n);
  store = newStore();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Opens a file for the tap and takes some packets, as a back end does. */
function keep(packets: number, arm = ARM): RawFile {
  const file = store.open(arm, 'udp');
  file.begin(LinkType.ethernet, 96);
  for (let i = 0; i < packets; i++) file.packet(SECONDS + i, NANOSECONDS, 60 + i, FRAME, 0, FRAME.length);
  return file;
}

/** Times, lengths on the wire and destination ports, as a reader of capture files finds them. */
function packetsOf(path: string): { at: bigint; wire: number; port: number }[] {
  const file = openCaptureFile(path);
  const table = new PacketTable();
  const found = [];
  while (file.next(table))
    for (let i = 0; i < table.length; i++)
      found.push({
        at: table.baseNs + BigInt(table.time[i] as number),
        wire: table.wireLength[i] as number,
        port: table.destinationPort[i] as number,
      });
  file.close();
  return found;
}

const expected = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    at: BigInt(SECONDS + i) * 1_000_000_000n + BigInt(NANOSECONDS),
    wire: 60 + i,
    port: 5002,
  }));

describe('packets that are kept', () => {
  it('are a pcapng file for their owner only, with the times of their capture', () => {
    const file = keep(3);
    file.close({ packets: 3, kernelDrops: 2, agentDrops: 0 });
    expect(packetsOf(pathOf())).toEqual(expected(3));
    expect(readFileSync(pathOf()).includes('secretpayload')).toBe(true);
    expect(statSync(pathOf()).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'raw')).mode & 0o777).toBe(0o700);
  });

  it('end where the bytes end that the policy allows all of them together, and it is said', () => {
    policy = { ...policy, maxRawBytes: 2_000 };
    const first = keep(10);
    first.close(null);
    store.closed(ARM.tapId, first);
    const second = { ...ARM, tapId: 'c-2-client' };
    const file = keep(40, second);
    file.close(null);
    store.closed(second.tapId, file);
    expect(store.find(ARM.tapId)?.lacks).toBe('');
    expect(store.find(second.tapId)?.lacks).toContain('maxRaw');
    expect(statSync(pathOf()).size + statSync(pathOf(second.tapId)).size).toBeLessThanOrEqual(2_000);
  });

  it('go on behind what an agent that was killed had written, a torn block taken off', () => {
    keep(2).flush();
    appendFileSync(pathOf(), Buffer.from('0600000064000000aabb', 'hex'));
    store = newStore();
    keep(2).close(null);
    expect(packetsOf(pathOf())).toEqual([...expected(2), ...expected(2)]);
  });

  it('are deleted when their time is over, and at once when the policy lets none be kept any more', () => {
    const file = keep(1);
    file.close(null);
    store.closed(ARM.tapId, file);
    const { mtimeMs } = statSync(pathOf());
    store.sweep(mtimeMs + policy.rawRetentionMs);
    expect(existsSync(pathOf())).toBe(true);
    store.sweep(mtimeMs + policy.rawRetentionMs + HOUR_MS);
    expect(existsSync(pathOf())).toBe(false);

    keep(1).flush();
    policy = { ...policy, rawPackets: 'never' };
    store.sweep(mtimeMs);
    expect(existsSync(pathOf())).toBe(false);
    expect(readFileSync(auditPath(), 'utf8')).toContain('rawRetention');
  });

  it('of a tap that still records are not too old', () => {
    keep(1).flush();
    utimesSync(pathOf(), 0, 0);
    store.sweep(policy.rawRetentionMs * 2);
    expect(existsSync(pathOf())).toBe(true);
  });
});

describe('an export of kept packets', () => {
  const ask = (requestedBy = 'olga', tapId = ARM.tapId) => {
    const exporter = new RawExporter({ name: 'db-1', store, policy: () => policy, audit, nowMs: () => 0 });
    const { head, pieces } = exporter.answer({ fetchId: 'f', tapId, requestedBy });
    return { ...head, file: Buffer.concat([...pieces]) };
  };
  beforeEach(() => {
    const file = keep(3);
    file.close(null);
    store.closed(ARM.tapId, file);
  });

  it('is the file as it was captured, and is written down before it leaves', () => {
    const { reason, file, bytes } = ask();
    expect(reason).toBe('');
    expect(file.equals(readFileSync(pathOf()))).toBe(true);
    expect(bytes).toBe(BigInt(file.length));
    expect(readFileSync(auditPath(), 'utf8')).toMatch(/"raw-export".*"done"/);
  });

  it.each<[string, Partial<Policy>, string]>([
    ['rawPackets', { rawPackets: 'keep' }, 'refuses to let raw packets leave it (rawPackets: keep)'],
    ['users', { users: ['bob'] }, 'refuses exports to olga (users: bob)'],
    [
      'consent',
      { consent: 'ask', owners: ['otto'] },
      'refuses to export what no owner approved (consent: ask, owners: otto)',
    ],
  ])('is refused by the rule %s, named and written down', (_, change, sentence) => {
    policy = { ...policy, ...change };
    const { reason, code, file } = ask();
    expect(reason).toContain(`policy of db-1 ${sentence}`);
    expect([code, file.length]).toEqual(['permission-denied', 0]);
    expect(readFileSync(auditPath(), 'utf8')).toMatch(/"raw-export".*"refused"/);
  });

  it('is allowed to an owner, and of a capture that one approved', () => {
    policy = { ...policy, consent: 'ask', owners: ['otto'] };
    expect(ask('otto').reason).toBe('');
    const approved = { ...ARM, tapId: 'c-3-client', approvedBy: 'otto' };
    keep(1, approved).close(null);
    expect(ask('olga', approved.tapId).reason).toBe('');
  });

  it('of a tap that kept nothing, or of no tap at all, is refused in words', () => {
    expect(ask('olga', 'c-9-client')).toMatchObject({ code: 'not-found' });
    writeFileSync(join(directory, 'elsewhere.pcapng'), 'x');
    writeFileSync(join(directory, 'elsewhere.json'), '{}');
    expect(ask('olga', '../elsewhere')).toMatchObject({ code: 'not-found', file: Buffer.alloc(0) });
  });

  it('is not asked for so often that the log of it fills the disk', () => {
    policy = { ...policy, rawPackets: 'keep' };
    let now = 0;
    const exporter = new RawExporter({ name: 'db-1', store, policy: () => policy, audit, nowMs: () => now });
    const codes = Array.from({ length: 200 }, () => {
      return exporter.answer({ fetchId: 'f', tapId: ARM.tapId, requestedBy: 'olga' }).head.code;
    });
    expect(codes.filter((code) => code === 'resource-exhausted')).toHaveLength(140);
    expect(readFileSync(auditPath(), 'utf8').match(/"raw-export"/g)).toHaveLength(60);
    now = 60_000;
    const { head } = exporter.answer({ fetchId: 'f', tapId: ARM.tapId, requestedBy: 'olga' });
    expect(head.code).toBe('permission-denied');
  });

  it('does not happen where it cannot be written down', () => {
    rmSync(auditPath());
    // A folder cannot be appended to, by root neither.
    writeFileSync(join(directory, 'block'), '');
    const broken = new HostAudit(join(directory, 'block', 'audit.log'), () => 1n);
    const exporter = new RawExporter({
      name: 'db-1',
      store,
      policy: () => policy,
      audit: broken,
      nowMs: () => 0,
    });
    const { head, pieces } = exporter.answer({ fetchId: 'f', tapId: ARM.tapId, requestedBy: 'olga' });
    expect(head.reason).not.toBe('');
    expect([...pieces]).toEqual([]);
  });
});

it('the log of a host is a chain that a restart goes on with', () => {
  audit.record('a', 'raw-keep', 't', 'done', '');
  audit = new HostAudit(auditPath(), () => 2n);
  audit.record('b', 'raw-export', 't', 'refused', 'a "reason"');
  // What a crash left of a line.
  appendFileSync(auditPath(), '{"number":"3",');
  audit = new HostAudit(auditPath(), () => 3n);
  audit.record('c', 'raw-delete', 't', 'done', '');
  const chain = new AuditChain();
  for (const line of readFileSync(auditPath(), 'utf8').trim().split('\n')) {
    const entry = parseAuditLine(line);
    if (entry) chain.add(entry);
  }
  expect(chain.result()).toMatchObject({ whole: true, entries: 3 });
  expect(statSync(auditPath()).mode & 0o777).toBe(0o600);
});

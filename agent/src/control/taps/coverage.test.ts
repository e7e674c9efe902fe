import { describe, expect, it } from 'vitest';
import { type CoverageHead, CoverageLedger, type Surroundings, withLosses } from './coverage.js';

const MS = 1_000_000n;
const OPENED = 1_000_000n * MS;

const HEAD: CoverageHead = {
  openedNs: OPENED,
  timeStamps: 'kernel',
  backEnd: 'tcpdump',
  filter: '',
  filterLength: 1,
  interfaces: ['any'],
  snaplen: 192,
  ringBytes: 1,
  bootId: '',
  addresses: [],
  tool: '',
};

const SURROUNDINGS: Surroundings = {
  interfaceStates: [],
  host: { kernel: 'Linux 6.1', networkNamespace: '1', clockSync: undefined },
};

const ledger = () => new CoverageLedger(HEAD, SURROUNDINGS, 0n);
const clean = { packets: 0, kernelDrops: 0, agentDrops: 0 };
const at = (ms: number) => OPENED + BigInt(ms) * MS;

describe('the watermark', () => {
  it('begins where the tap was opened', () => {
    expect(ledger().watermarkNs).toBe(OPENED);
  });

  it('does not pass a time for which drops were not asked', () => {
    const coverage = ledger();
    coverage.recorded(10, at(50));
    expect(coverage.watermarkNs).toBe(OPENED);
    coverage.checked(clean, at(20), at(21));
    expect(coverage.watermarkNs).toBe(at(20));
  });

  it('does not pass what was delivered, less what packets may be out of order', () => {
    const coverage = ledger();
    coverage.recorded(10, at(50));
    coverage.checked(clean, at(900), at(901));
    expect(coverage.watermarkNs).toBe(at(49));
    coverage.delivered(at(800));
    expect(coverage.watermarkNs).toBe(at(800));
  });

  it('never goes back, except when the clock is set', () => {
    const coverage = ledger();
    coverage.delivered(at(800));
    coverage.checked(clean, at(800), at(801));
    coverage.recorded(1, at(700));
    coverage.checked(clean, at(600), at(601));
    expect(coverage.watermarkNs).toBe(at(800));
    coverage.stepped(at(900), at(100), 5n);
    expect(coverage.watermarkNs).toBe(at(100));
    expect(coverage.toMessage().wallMinusMonotonicNs).toBe(5n);
  });

  it('stays at the end once the tap is closed', () => {
    const coverage = ledger();
    coverage.delivered(at(800));
    coverage.checked(clean, at(800), at(801));
    coverage.close(at(500));
    expect(coverage.watermarkNs).toBe(at(500));
  });
});

describe('gaps', () => {
  it('reach from the last check that found no drops to the one that did', () => {
    const coverage = ledger();
    coverage.checked(clean, at(100), at(101));
    coverage.checked({ ...clean, kernelDrops: 7 }, at(300), at(302));
    expect(coverage.toMessage().gaps).toEqual([
      { fromNs: at(100), toNs: at(302), packets: 7n, cause: 'kernel-drop' },
    ]);
  });

  it('are one interval as long as drops go on, and a new one after', () => {
    const coverage = ledger();
    for (const [drops, ms] of [
      [5, 100],
      [9, 300],
      [9, 500],
      [10, 700],
    ]) {
      coverage.checked({ ...clean, kernelDrops: drops }, at(ms), at(ms + 1));
    }
    expect(coverage.toMessage().gaps).toMatchObject([
      { fromNs: OPENED, toNs: at(301), packets: 9n },
      { fromNs: at(500), toNs: at(701), packets: 1n },
    ]);
    expect(coverage.toMessage().kernelDrops).toBe(10n);
  });

  it('of the spool are added to what a tap says, with their packets', () => {
    const loss = {
      fromSequence: 1,
      toSequence: 4,
      packets: 50,
      fromNs: 1n,
      toNs: 2n,
      cause: 'spool-full',
    } as const;
    const message = withLosses({ ...ledger().toMessage(), agentDrops: 3n }, [loss]);
    expect(message.agentDrops).toBe(53n);
    expect(message.gaps).toEqual([{ fromNs: 1n, toNs: 2n, packets: 50n, cause: 'spool-full' }]);
  });
});

it('a back end that cannot count drops leaves them unknown and does not hold the watermark', () => {
  const coverage = ledger();
  coverage.delivered(at(50));
  coverage.checked({ ...clean, kernelDrops: null }, at(40), at(41));
  expect(coverage.watermarkNs).toBe(at(40));
  expect(coverage.toMessage().kernelDrops).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../policy/policy.js';
import { ceilingPassed, guestReadings } from './ceilings.js';

const POLICY = { ...DEFAULT_POLICY, maxMemoryBytes: 100e6, minFreeDiskBytes: 50e6 };
const readings = (resident: number, free: number) => ({
  residentBytes: () => resident,
  freeBytes: () => free,
});

describe('the ceilings of an agent', () => {
  it('are not passed by a light guest', () => {
    expect(ceilingPassed(POLICY, readings(100e6, 50e6))).toBeNull();
  });

  it('are memory, and the space that others need on the disk, with both figures', () => {
    expect(ceilingPassed(POLICY, readings(130e6, 50e6))).toMatch(/130 MB of memory \(max 100 MB/);
    expect(ceilingPassed(POLICY, readings(90e6, 20e6))).toMatch(/only 20 MB are free.*min 50 MB/);
  });

  it('end what records where the data directory is gone', () => {
    const { residentBytes } = readings(90e6, 0);
    const { freeBytes } = guestReadings('/no/such/directory');
    expect(ceilingPassed(POLICY, { residentBytes, freeBytes })).toMatch(/data directory cannot be read/);
  });

  it('are read off this process and a real disk', () => {
    const { residentBytes, freeBytes } = guestReadings('/');
    expect(residentBytes()).toBeGreaterThan(1e6);
    expect(freeBytes()).toBeGreaterThanOrEqual(0);
  });
});

import { PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { newTap, type Tap } from '../taps.js';
import type { TapCoverage } from '../types.js';
import { markerReport, noteMarker } from './markers.js';

const COVERAGE: TapCoverage = {
  backEnd: 'tcpdump',
  filter: '',
  interfaces: ['any'],
  snaplen: 192,
  openedNs: 1n,
  closedNs: null,
  packets: 0,
  kernelDrops: 0,
  agentDrops: 0,
  timestamps: 'kernel',
  gaps: [],
  watermarkNs: null,
};

const ID = 0xdecafbad;

function tap(index: 0 | 1, marker: TapCoverage['marker'] | null): Tap {
  const made = newTap(index, { name: 'web-1', role: null, addresses: [] });
  made.coverage = marker === null ? COVERAGE : { ...COVERAGE, ...(marker && { marker }) };
  return made;
}

/** A marker from and to addresses 10.0.0.x, by their last bytes. */
function sees(at: Tap, source: number, destination: number): void {
  const table = new PacketTable(1);
  table.marker[0] = ID;
  table.source.set([0, 0, 0xffff, 0x0a000000 + source]);
  table.destination.set([0, 0, 0xffff, 0x0a000000 + destination]);
  noteMarker(at, table, 0);
}

describe('a marker', () => {
  it('that the other tap saw proves both', () => {
    const [own, far] = [tap(0, { id: ID, sent: true, left: true }), tap(1, null)];
    sees(own, 1, 2);
    sees(far, 1, 2);
    expect(markerReport(own, far)).toEqual({ state: 'arrived', translated: null });
  });

  it('that arrived from another address shows the translation', () => {
    const [own, far] = [tap(0, { id: ID, sent: true, left: true }), tap(1, null)];
    sees(own, 1, 2);
    sees(far, 77, 2);
    expect(markerReport(own, far)).toEqual({
      state: 'arrived',
      translated: { from: '10.0.0.1', to: '10.0.0.77' },
    });
  });

  it('that left by another way to another address is no translation', () => {
    const [own, far] = [tap(0, { id: ID, sent: true, left: true }), tap(1, null)];
    sees(own, 1, 2);
    sees(far, 5, 3);
    expect(markerReport(own, far)?.translated).toBeNull();
  });

  it('that got lost, was not seen or was not sent says so', () => {
    const far = tap(1, null);
    const state = (marker: TapCoverage['marker']) => markerReport(tap(0, marker), far)?.state;
    expect(state({ id: ID, sent: true, left: true })).toBe('left');
    expect(state({ id: ID, sent: true, left: false })).toBe('not-seen');
    expect(state({ id: ID, sent: false, left: false })).toBe('off');
  });

  it('is no subject for files', () => {
    expect(markerReport(tap(0, null), tap(1, null))).toBeUndefined();
  });
});

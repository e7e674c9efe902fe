import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import { forgedReport } from '../render/samples/forged.js';

/** When these captures were asked for, epoch ns. */
export const ASKED_NS = 1_767_348_000_000_000_000n;

/** A capture of web-1 and db-1 in a state, as a coordinator tells of it. */
export function captureState(state: string, changes: Partial<CaptureState> = {}): CaptureState {
  const tap = {
    tapId: 't',
    state,
    reason: '',
    packets: 12n,
    kernelDrops: 0n,
    agentDrops: 0n,
    committedSequence: 0n,
    online: true,
  };
  return {
    id: 'c-7kq2m',
    name: '',
    state,
    reason: '',
    code: '',
    filter: 'port 5432',
    taps: [
      { ...tap, agent: 'web-1', role: 'client' },
      { ...tap, agent: 'db-1', role: 'server' },
    ],
    requestedNs: ASKED_NS,
    startedNs: ASKED_NS,
    endedNs: state === 'complete' ? ASKED_NS + 5_000_000_000n : 0n,
    requestedBy: 'admin',
    headline: state === 'complete' ? forgedReport.headline : '',
    ...changes,
  };
}

/** The messages of a watched capture; the findings come with the second. */
export const watched = (captures: readonly CaptureState[], findings: readonly object[] = []) =>
  captures.map((capture, i) => ({
    capture,
    findingsJson: i === 1 ? findings.map((f) => JSON.stringify(f)) : [],
  }));

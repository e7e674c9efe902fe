import { describe, expect, it } from 'vitest';
import { createMarker, MARKER_BYTES, readMarker } from './marker.js';

const nonce = Uint8Array.of(1, 2, 3, 4, 0xde, 0xad, 0xbe, 0xef);

describe('marker', () => {
  it('is found again by the low half of its nonce', () => {
    const { payload, id } = createMarker(nonce);
    expect(id).toBe(0xdeadbeef);
    expect(payload.length).toBe(MARKER_BYTES);
    expect(readMarker(new DataView(payload.buffer), 0, payload.length, payload.length)).toBe(id);
  });

  it('never has the id that means none', () => {
    expect(createMarker(new Uint8Array(8)).id).toBe(1);
  });

  it('is not seen in a datagram that is cut, longer or different', () => {
    const { payload } = createMarker(nonce);
    const view = new DataView(payload.buffer);
    expect(readMarker(view, 0, 15, 16)).toBe(0);
    expect(readMarker(view, 0, 16, 17)).toBe(0);
    view.setUint8(3, 0);
    expect(readMarker(view, 0, 16, 16)).toBe(0);
  });
});

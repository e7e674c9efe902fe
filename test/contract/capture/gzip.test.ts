import { gzipSync } from 'node:zlib';
import { pcapFileHeader, pcapRecord } from '@bothends/agent/testing/pcap-writer';
import { describe, expect, it } from 'vitest';
import { ethernet, fill, ipv4, tcp } from '../decode/build.js';
import { readAll, temporaryFile } from './files.js';

/** More than the window holds at once, so that records straddle portions. */
const PACKETS = 40_000;

function capture(): Uint8Array {
  const records = Array.from({ length: PACKETS }, (_, i) => {
    const frame = ethernet(0x0800, ipv4(6, tcp(fill(i % 64), { sourcePort: i & 0xffff })));
    return pcapRecord(Uint8Array.from(frame), BigInt(i) * 1000n);
  });
  return new Uint8Array(Buffer.concat([pcapFileHeader(1, 65535), ...records]));
}

describe('a capture compressed with gzip', () => {
  const plain = capture();
  const compressed = gzipSync(plain);

  it('reads as the capture itself does, whatever the size of the tables', () => {
    const expected = readAll(temporaryFile('x.pcap', plain)).packets;
    expect(expected.length).toBe(PACKETS);
    const { packets, info } = readAll(temporaryFile('x.pcap.gz', compressed), 333);
    expect(packets).toEqual(expected);
    expect(info).toMatchObject({ compressed: true, truncated: null });
  });

  it('keeps what can be inflated of one that is cut', () => {
    const { packets, info } = readAll(temporaryFile('cut.gz', compressed.subarray(0, compressed.length / 2)));
    expect(packets.length).toBeGreaterThan(PACKETS / 10);
    expect(packets.length).toBeLessThan(PACKETS);
    expect(info.truncated).toContain('gzip');
  });

  it('refuses other things that are compressed', () => {
    expect(() => readAll(temporaryFile('text.gz', gzipSync('hello, this is text')))).toThrow(
      'looks like text',
    );
    expect(() => readAll(temporaryFile('empty.gz', gzipSync('')))).toThrow('is empty');
    expect(() => readAll(temporaryFile('twice.gz', gzipSync(compressed)))).toThrow('compressed twice');
  });
});

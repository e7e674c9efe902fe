import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Decoder } from '@bothends/agent/decode/decoder';
import { PacketTable } from '@bothends/proto';
import { expect, it } from 'vitest';
import { FRAMES } from './frames.js';

/** One object per packet is 16 bytes at least: 128 MB, eight collections of the 16 MB young generation. */
const PACKETS = 8_000_000;
/** Millions of packets take seconds, and more on a machine that does other things beside. */
const LIMIT_MS = 600_000;
/** Some may come from the test runner itself, which shares the heap. */
const TOLERATED_COLLECTIONS = 3;
const TOLERATED_BYTES = 8 * 1024 * 1024;

/** All frames in one buffer, as a chunk of a capture is, each with a decoder of its link type. */
function layOut() {
  const frames = Object.values(FRAMES);
  const buffer = new Uint8Array(frames.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  const packets = frames.map(({ linkType, bytes }) => {
    buffer.set(bytes, at);
    at += bytes.length;
    return { start: at - bytes.length, length: bytes.length, decoder: new Decoder({ linkType }) };
  });
  return { buffer, packets };
}

it(
  'decodes without allocating',
  async () => {
    const { buffer, packets } = layOut();
    const table = new PacketTable();
    const run = (count: number) => {
      for (let done = 0; done < count; ) {
        for (const { decoder, start, length } of packets) {
          if (table.length === table.capacity) table.length = 0;
          decoder.decode(buffer, start, length, length, done++, table);
        }
      }
    };
    run(PACKETS / 4);
    let collections = 0;
    const observer = new PerformanceObserver((list) => {
      collections += list.getEntries().length;
    });
    observer.observe({ entryTypes: ['gc'] });
    await setTimeout(10);
    collections = 0;
    const before = process.memoryUsage().heapUsed;
    run(PACKETS);
    const grown = process.memoryUsage().heapUsed - before;
    await setTimeout(10);
    observer.disconnect();
    expect(collections).toBeLessThanOrEqual(TOLERATED_COLLECTIONS);
    expect(grown).toBeLessThan(TOLERATED_BYTES);
  },
  LIMIT_MS,
);

import { readdirSync, readFileSync } from 'node:fs';
import { BothendsError } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { checkRevision, loadAddon, type PacketMmapAddon, type RingHandle } from './addon.js';
import { NOTHING, toBytes } from './program.js';
import { Ring, ringFailure } from './ring.js';
import { packetMmapSource } from './source.js';

/** Four pages, for a small snaplen. */
const BLOCK_BYTES = 16 * 1024;

/** As the add-on throws it. */
function failure(code: string, step: string): Error {
  return Object.assign(new Error(step), { code });
}

/** A kernel that has memory for so many blocks. */
function kernelWith(blocks: number): PacketMmapAddon {
  return {
    pageBytes: 4096,
    probe: () => {},
    interfaceIndex: () => 1,
    interfaceExists: () => true,
    watch: () => {},
    filter: () => {},
    statistics: (_, into) => into.set([10, 3]),
    close: () => {},
    open: (_interface, _datagram, _promiscuous, _program, blockBytes, wanted) => {
      if (wanted > blocks) throw failure('ENOMEM', 'ring');
      return { handle: {} as RingHandle, memory: new ArrayBuffer(blockBytes * wanted) };
    },
  };
}

const request = {
  interfaceIndex: 1,
  datagrams: false,
  program: toBytes(NOTHING),
  ringBytes: 256 * BLOCK_BYTES,
  snaplen: 192,
  onReadable: () => {},
};

describe('a ring', () => {
  it('is smaller where the kernel has not enough memory, and says how large', () => {
    for (const [blocks, granted] of [
      [1000, 256],
      [70, 64],
    ] as const) {
      const ring = Ring.open(kernelWith(blocks), request);
      expect(ring.bytes).toBe(granted * BLOCK_BYTES);
      ring.close();
    }
    expect(() => Ring.open(kernelWith(63), request)).toThrow('ring');
  });

  it('is smaller beside others, so that all together stay a light guest', () => {
    const wanted = { ...request, ringBytes: 64 * 1024 * 1024 };
    const rings = Array.from({ length: 12 }, () => Ring.open(kernelWith(10_000), wanted));
    expect(rings.slice(0, 2).map(({ bytes }) => bytes)).toEqual([wanted.ringBytes, wanted.ringBytes]);
    expect(rings.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(220 * 1024 * 1024);
    expect(Math.min(...rings.map(({ bytes }) => bytes))).toBeGreaterThanOrEqual(1024 * 1024);
    for (const ring of rings) ring.close();
    const after = Ring.open(kernelWith(10_000), wanted);
    expect(after.bytes).toBe(wanted.ringBytes);
    after.close();
  });

  it('has blocks that take the largest packet twice', () => {
    for (const [snaplen, blockBytes] of [
      [192, 16_384],
      [8_000, 32_768],
      [65_535, 262_144],
    ] as const) {
      const ring = Ring.open(kernelWith(1000), { ...request, snaplen });
      expect(ring.blockBytes).toBe(blockBytes);
      ring.close();
    }
  });

  it('sums up what the kernel counts anew each time', () => {
    const ring = Ring.open(kernelWith(1000), request);
    ring.count();
    ring.count();
    expect(ring.counters).toEqual({ received: 20, dropped: 6 });
    ring.close();
  });

  it.each([
    ['EPERM', 'socket', 'permission-denied', 'CAP_NET_RAW'],
    ['ENOMEM', 'ring', 'resource-exhausted', '--back-end tcpdump'],
    ['ENOMEM', 'filter', 'unsupported', 'optmem_max'],
    ['ENETDOWN', 'bind', 'failed-precondition', 'ip link set eth0 up'],
    ['ENODEV', 'bind', 'not-found', 'no interface "eth0"'],
  ])('that does not open for %s at its %s is refused with what to do', (errno, step, code, text) => {
    const error = ringFailure('eth0', failure(errno, step));
    expect(error).toBeInstanceOf(BothendsError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });
});

const { available, reason } = await packetMmapSource.probe();
if (!available) console.warn(`SKIPPED: ${reason}`);

describe('an add-on', () => {
  it.each([
    ['without a revision', undefined, 'older'],
    ['of the release before', 1, 'older'],
    ['of a later one', 1_000, 'newer'],
  ])('%s is refused with what to do', (_, revision, which) => {
    const loading = () => checkRevision(revision === undefined ? {} : { revision });
    expect(loading).toThrow(new RegExp(`${which} release: run "npm run build"`));
  });
});

describe.skipIf(!available)('rings of this kernel', () => {
  const openFiles = () => readdirSync('/proc/self/fd').length;
  const mappedSockets = () => readFileSync('/proc/self/maps', 'utf8').split('socket:').length - 1;

  it('leave neither descriptors nor mappings behind', () => {
    const addon = loadAddon();
    const onAll = { ...request, interfaceIndex: 0, datagrams: true, ringBytes: 64 * BLOCK_BYTES };
    const before = [openFiles(), mappedSockets()];
    for (let i = 0; i < 100; i++) {
      const ring = Ring.open(addon, onAll);
      ring.watch(true);
      if (i === 0) expect([openFiles(), mappedSockets()]).toEqual(before.map((count) => count + 1));
      ring.count();
      ring.close();
      ring.close();
      // What lingers of its memory is empty, and harmless to whoever still looks.
      expect(new Uint32Array(ring.memory)[0]).toBe(0);
    }
    expect([openFiles(), mappedSockets()]).toEqual(before);
  });

  it('are closed with the thread that had them', async () => {
    const { Worker } = await import('node:worker_threads');
    const before = [openFiles(), mappedSockets()];
    const source = `
      const { workerData, parentPort } = require('node:worker_threads');
      const addon = require(workerData.built);
      const { handle } = addon.open(0, 1, 0, workerData.program, ${BLOCK_BYTES}, 4, 10, () => {});
      addon.watch(handle, true);
      parentPort.postMessage('open');`;
    const built = new URL('../../../dist/native/packet-mmap.node', import.meta.url).pathname;
    const worker = new Worker(source, { eval: true, workerData: { built, program: request.program } });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    expect(mappedSockets()).toBe(before[1]);
  });
});

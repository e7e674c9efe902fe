import { expect, it } from 'vitest';
import { LinkType } from '../../decode/link.js';
import type { PacketMmapAddon, RingHandle } from './addon.js';
import { BlockReader } from './block-reader.js';
import { NOTHING, toBytes } from './program.js';
import { Ring } from './ring.js';
import { PacketMmapTap } from './tap.js';

/** A tap on a ring into which nothing comes, on an interface that is there as long as the test wants. */
function quietTap(): { tap: PacketMmapTap; watched: boolean[]; remove: () => void } {
  const watched: boolean[] = [];
  let isThere = true;
  const addon: PacketMmapAddon = {
    pageBytes: 4096,
    probe: () => {},
    interfaceIndex: () => 1,
    interfaceExists: () => isThere,
    watch: (_, on) => watched.push(on),
    filter: () => {},
    statistics: (_, into) => into.fill(0),
    close: () => {},
    open: (_interface, _datagram, _promiscuous, _program, blockBytes, blocks) => ({
      handle: {} as RingHandle,
      memory: new ArrayBuffer(blockBytes * blocks),
    }),
  };
  const program = toBytes(NOTHING);
  const wanted = {
    interfaceIndex: 1,
    datagrams: false,
    program,
    ringBytes: 0,
    snaplen: 96,
    onReadable: () => {},
  };
  const ring = Ring.open(addon, wanted);
  const { memory, blockBytes } = ring;
  const options = {
    memory,
    blockBytes,
    linkType: LinkType.ethernet,
    snaplen: 96,
    digestKey: null,
  };
  const tap = new PacketMmapTap(ring, new BlockReader(options), { name: 'eth0', exists: () => isThere });
  return {
    tap,
    watched,
    remove: () => {
      isThere = false;
    },
  };
}

const drained = async (tap: PacketMmapTap) => {
  for await (const table of tap) expect(table.length).toBeGreaterThan(0);
};

it('a tap is watched on when its interface goes down, for it may come up again', async () => {
  const { tap, watched } = quietTap();
  tap.readable('ENETDOWN');
  expect(watched).toEqual([true]);
  await tap.close();
  await drained(tap);
});

it('a tap ends when its interface is gone, though the socket said only that it is down', async () => {
  const { tap, remove } = quietTap();
  tap.readable('ENETDOWN');
  remove();
  await tap.stats();
  await expect(drained(tap)).rejects.toThrow('the capture on eth0 ended early: the interface is gone');
});

it('a tap ends when its socket fails', async () => {
  const { tap } = quietTap();
  tap.readable('EIO');
  await expect(drained(tap)).rejects.toThrow('ended early: its socket failed (EIO)');
});

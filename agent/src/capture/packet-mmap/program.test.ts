import { describe, expect, it } from 'vitest';
import { forDatagrams, keeping, NOTHING, parseProgram, toBytes } from './program.js';

/** `tcpdump -y LINUX_SLL2 -s 192 -ddd -- udp port 53`, of which the loads are what matters. */
const LDH = 40;
const LDB = 48;
const LDXB_MSH = 177;
const LDH_IND = 72;
const LDX_MEM = 97;
const RET = 6;

const load = (code: number, k: number) => ({ code, jt: 0, jf: 0, k });
const loadsAfter = (k: number, code = LDH) => forDatagrams([load(code, k)])?.map((one) => one.k);

describe('a program from tcpdump -ddd', () => {
  it('is read with its jumps and unsigned words', () => {
    const text = '3\n40 0 0 4294963200\n21 0 1 2048\n6 0 0 192\n';
    expect(parseProgram(text)).toEqual([
      { code: LDH, jt: 0, jf: 0, k: 4294963200 },
      { code: 21, jt: 0, jf: 1, k: 2048 },
      { code: RET, jt: 0, jf: 0, k: 192 },
    ]);
  });

  it.each(['', '2\n6 0 0 1', 'tcpdump: nonsense', '1\nx'])('is refused when it is none: %j', (text) => {
    expect(() => parseProgram(text)).toThrow('printed no program');
  });

  it('keeps as much of a packet as it is told, and refuses what it refused', () => {
    const [whole, nothing, jump] = [load(RET, 262_144), load(RET, 0), load(21, 262_144)];
    expect(keeping([whole, nothing, jump], 192)).toEqual([load(RET, 192), nothing, jump]);
  });

  it('is laid out as struct sock_filter', () => {
    const bytes = toBytes([{ code: 0x15, jt: 1, jf: 2, k: 0x0800 }]);
    const view = new DataView(bytes.buffer);
    const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
    expect([bytes.length, view.getUint16(0, little), bytes[2], bytes[3], view.getUint32(4, little)]).toEqual([
      8, 0x15, 1, 2, 0x0800,
    ]);
    expect(toBytes(NOTHING).length).toBe(8);
  });
});

describe('a program for cooked packets, on a socket without their header', () => {
  it('finds the packet 20 bytes further up, however it is addressed', () => {
    for (const code of [LDH, LDB, LDXB_MSH, LDH_IND]) expect(loadsAfter(26, code)).toEqual([6]);
    expect(loadsAfter(20)).toEqual([0]);
  });

  it('asks the kernel for protocol, interface and direction (SKF_AD_PROTOCOL, _IFINDEX, _PKTTYPE)', () => {
    expect(loadsAfter(0)).toEqual([0xfffff000]);
    expect(loadsAfter(4)).toEqual([0xfffff008]);
    expect(loadsAfter(10, LDB)).toEqual([0xfffff004]);
  });

  it('leaves alone what is no load from the packet', () => {
    expect(loadsAfter(1, LDX_MEM)).toEqual([1]);
    expect(loadsAfter(0xfffff030)).toEqual([0xfffff030]);
  });

  it('keeps 20 bytes less, and refuses as before', () => {
    expect(forDatagrams([load(RET, 192), load(RET, 0)])?.map(({ k }) => k)).toEqual([172, 0]);
  });

  it('is impossible where it reads the address of the sender', () => {
    expect(forDatagrams([load(RET, 0), load(LDH, 12)])).toBeNull();
  });
});

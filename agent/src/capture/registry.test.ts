import { describe, expect, it } from 'vitest';
import { backEnds, chooseBackEnd } from './registry.js';

describe('back ends', () => {
  it('each say whether they can run here, and if not why', async () => {
    const all = await backEnds();
    expect(all.map(({ source }) => source.name)).toEqual(['packet-mmap', 'tcpdump', 'cap', 'pcapfile']);
    for (const { available, reason } of all) expect(reason === '').toBe(available);
  });

  it('are chosen by name', async () => {
    expect((await chooseBackEnd('pcapfile')).name).toBe('pcapfile');
    await expect(chooseBackEnd('wireshark')).rejects.toThrow(
      'choose from packet-mmap, tcpdump, cap, pcapfile',
    );
  });

  it('fall back in order of preference', async () => {
    const usable = (await backEnds()).filter(
      ({ available, source }) => available && source.name !== 'pcapfile',
    );
    const first = usable[0]?.source.name;
    if (first === undefined) await expect(chooseBackEnd('')).rejects.toThrow('nothing here can capture');
    else expect((await chooseBackEnd('')).name).toBe(first);
  });
});

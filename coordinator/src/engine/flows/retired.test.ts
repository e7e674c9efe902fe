import { PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Records } from './records.js';
import { Retired } from './retired.js';

const records = new Records();
const packet = new PacketTable(1);

/** One more record; few sequence numbers, so that many share each. */
function record(n: number): number {
  const r = records.allocate(packet, 0);
  records.flow[r] = n % 3;
  records.sequence[r] = n % 5;
  return r;
}

test('the last 1024 records are found, whenever they are asked for, and no older ones', () => {
  const retired = new Retired(records);
  const remembered: number[] = [];
  const holds = (r: number) => retired.some(r, records.sequence[r] as number, (c) => c === r);
  for (let n = 0; n < 5_000; n++) {
    const r = record(n);
    expect(holds(r)).toBe(false);
    remembered.push(r);
    const first = remembered.length > 1024 ? (remembered.shift() as number) : -1;
    expect(retired.add(r)).toBe(first);
    // In bursts and with long pauses between: the index is made when one asks.
    if (n % 1_700 > 30) continue;
    if (first >= 0) expect(holds(first)).toBe(false);
    for (const at of [0, remembered.length >> 1, remembered.length - 1])
      expect(holds(remembered[at] as number), `${at} after ${n}`).toBe(true);
  }
});

test('who has another sequence number is not asked about', () => {
  const retired = new Retired(records);
  const [wanted, other] = [record(1), record(1 + 15)] as const;
  records.sequence[other] = 4_000_000_000;
  for (const r of [wanted, other]) retired.add(r);
  const asked: number[] = [];
  retired.some(wanted, 4_000_000_000, (c) => {
    asked.push(c);
    return false;
  });
  expect(asked).toEqual([other]);
});

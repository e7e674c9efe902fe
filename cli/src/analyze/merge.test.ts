import { Layer, NS_PER_S, PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Merge, type TableSource } from './merge.js';

const HOUR_NS = 3_600_000_000_000n;
const TCP = 6;

/** A file's tables: epoch ns of each and how many packets it has. */
type Plan = readonly (readonly [atNs: bigint, packets: number])[];

/** `seconds` tables, one per second from `fromNs`. */
function steady(fromNs: bigint, seconds: number, packets = 1): Plan {
  return Array.from({ length: seconds }, (_, i) => [fromNs + BigInt(i * NS_PER_S), packets] as const);
}

/** Tables without content to recognise packets by; `sent` gives packets that both files hold. */
function source(plan: Plan, sent: (table: number, row: number) => number | null = () => null): TableSource {
  let at = 0;
  const table = new PacketTable();
  return {
    next() {
      const [atNs, packets] = plan[at] ?? [0n, 0];
      table.baseNs = atNs;
      table.length = packets;
      for (let row = 0; row < packets; row++) {
        const sequence = sent(at, row);
        table.time[row] = row;
        table.protocol[row] = TCP;
        table.layer[row] = sequence === null ? Layer.network : Layer.transport;
        table.sequence[row] = sequence ?? 0;
      }
      at++;
      return packets > 0 ? table : null;
    },
  };
}

/** Which file each table was of, in order. */
function order(first: TableSource, second: TableSource): string {
  const merge = new Merge([first, second]);
  let text = '';
  for (let next = merge.next(); next !== null; next = merge.next()) text += 'ab'[next.file];
  return text;
}

test('files of the same time are read in step, whatever their sizes', () => {
  expect(order(source(steady(HOUR_NS, 3, 1)), source(steady(HOUR_NS + 1n, 3, 4000)))).toBe('ababab');
});

test('one that began later joins when the other gets there', () => {
  expect(order(source(steady(HOUR_NS + 3_000_000_001n, 2)), source(steady(HOUR_NS, 5)))).toBe('bbbbaba');
});

test('clocks hours apart do not make one file wait for the other', () => {
  expect(order(source(steady(HOUR_NS * 9n, 3)), source(steady(HOUR_NS, 3)))).toBe('ababab');
});

test('a file without packets leaves the other to itself', () => {
  expect(order(source([]), source(steady(HOUR_NS, 2)))).toBe('bb');
});

test('packets that are in both files tell how far their clocks are apart', () => {
  // The second capture begins 3 s into the first, on a clock that is five minutes ahead.
  const shared = (late: number) => (table: number, row: number) => (table + late) * 2000 + row;
  const first = source(steady(HOUR_NS, 8, 2000), shared(0));
  const second = source(steady(HOUR_NS + 303_000_000_001n, 5, 2000), shared(3));
  expect(order(first, second)).toBe('aaaababababab');
});

test('without a common packet no file runs far ahead of the other', () => {
  // 300 000 packets, all of them earlier by the clocks.
  const text = order(
    source(steady(HOUR_NS, 100, 3000)),
    source(steady(HOUR_NS + 200_000_000_000n, 100, 3000)),
  );
  expect(text.indexOf('b')).toBeLessThan(30);
  expect(text).toHaveLength(200);
});

test('a clock that is stepped in mid-capture is followed', () => {
  const same = (table: number, row: number) => table * 4000 + row;
  const steps = steady(HOUR_NS, 200, 4000);
  const stepped = steps.map(([atNs, n], i) => [i < 20 ? atNs + 1n : atNs + HOUR_NS, n] as const);
  const text = order(source(steps, same), source(stepped, same));
  // Right behind the step one file is read alone for a while; then both in step again.
  let ahead = 0;
  let furthest = 0;
  for (const file of text) {
    ahead += file === 'a' ? 1 : -1;
    furthest = Math.max(furthest, Math.abs(ahead));
  }
  expect(furthest).toBeLessThan(40);
  expect(text.slice(-100)).toMatch(/^(?:ab)+a?$|^(?:ba)+b?$/);
});

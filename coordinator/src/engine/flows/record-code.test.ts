import { Tcp } from '@bothends/proto';
import { expect, test } from 'vitest';
import { RecordCode } from './record-code.js';
import { Records, State } from './records.js';
import { RowReader, RowWriter } from './row-code.js';

/** What ties a record to its flow and to others is not written. */
const TIES = [
  'flow',
  'peer',
  'holds',
  'previousWaiting',
  'nextWaiting',
  'nextNotable',
  'nextInBucket',
  'hash',
];

type Columns = Record<string, { [index: number]: number; readonly length: number }>;

function columnsOf(records: Records): [string, Columns[string]][] {
  const all = Object.entries(records as unknown as Columns);
  return all.filter(([name, column]) => ArrayBuffer.isView(column) && !TIES.includes(name));
}

/** Words that a record has in a column. */
const wordsOf = (name: string) => (name === 'icmpSource' ? 4 : 1);

/** All that is known of a packet, by column. */
function knownOf(records: Records, r: number): Record<string, (number | undefined)[]> {
  const words = (name: string, column: Columns[string]) =>
    Array.from({ length: wordsOf(name) }, (_, word) => column[r * wordsOf(name) + word]);
  return Object.fromEntries(columnsOf(records).map(([name, column]) => [name, words(name, column)]));
}

/** A record whose every column says something else; flags and state make all of them mean something. */
function record(records: Records, salt: number): number {
  const r = records.take();
  columnsOf(records).forEach(([name, column], i) => {
    const words = wordsOf(name);
    for (let word = 0; word < words; word++) column[r * words + word] = (salt + i * 7 + word) % 256;
  });
  records.flags[r] = Tcp.syn;
  records.state[r] = State.icmpError | State.afterIdle;
  records.dnsFlags[r] = 0x8180;
  records.peer[r] = r;
  return r;
}

test('all that is known of a packet comes back', () => {
  const [before, after] = [new Records(), new Records()];
  const [write, read] = [new RecordCode(before), new RecordCode(after)];
  const made = [11, 12, 200].map((salt) => record(before, salt));
  before.time[made[1] as number] = 0.5;
  before.peerTime[made[2] as number] = Number.NaN;
  const [writer, reader] = [new RowWriter(), new RowReader()];
  write.restart();
  for (const r of made) write.write(writer, r);
  reader.open(writer.written);
  read.restart();
  for (const r of made) {
    const again = after.take();
    after.peer[again] = again;
    read.read(reader, again);
    expect(knownOf(after, again)).toEqual(knownOf(before, r));
  }
  expect(reader.isAtEnd).toBe(true);
});

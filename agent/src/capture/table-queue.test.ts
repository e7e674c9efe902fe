import type { PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { TableQueue } from './table-queue.js';

/** Appends rows whose time is their number; returns how many found room. */
function append(queue: TableQueue, from: number, count: number): number {
  for (let i = 0; i < count; i++) {
    const table = queue.filling();
    if (table === null) return i;
    table.time[table.length++] = from + i;
  }
  return count;
}

const timesOf = (table: PacketTable) => Array.from(table.time.subarray(0, table.length));

describe('TableQueue', () => {
  it('hands over rows in order, once they are flushed or a table is full', async () => {
    const queue = new TableQueue(3, () => {});
    const capacity = queue.filling()?.capacity ?? 0;
    append(queue, 0, capacity + 10);
    queue.end(null);
    const times: number[] = [];
    for await (const table of queue) times.push(...timesOf(table));
    expect(times).toEqual(Array.from({ length: capacity + 10 }, (_, i) => i));
  });

  it('has no room when the consumer is behind, and says when it has again', async () => {
    let room = 0;
    const queue = new TableQueue(2, () => {
      room++;
    });
    const capacity = queue.filling()?.capacity ?? 0;
    expect(append(queue, 0, 3 * capacity)).toBe(2 * capacity);
    const tables = queue[Symbol.asyncIterator]();
    await tables.next();
    expect(queue.filling()).toBeNull();
    expect(room).toBe(0);
    // Asking for the next table gives the first one back.
    await tables.next();
    expect(room).toBe(1);
    expect(append(queue, 0, 5)).toBe(5);
  });

  it('wakes a waiting consumer', async () => {
    const queue = new TableQueue(2, () => {});
    const next = queue[Symbol.asyncIterator]().next();
    append(queue, 7, 1);
    queue.flush();
    const { value } = await next;
    expect(value === undefined ? null : timesOf(value)).toEqual([7]);
  });

  it('fails after the rows that came before the failure', async () => {
    const queue = new TableQueue(2, () => {});
    append(queue, 1, 2);
    queue.end(new Error('the tap died'));
    const seen: number[] = [];
    const consume = async () => {
      for await (const table of queue) seen.push(...timesOf(table));
    };
    await expect(consume()).rejects.toThrow('the tap died');
    expect(seen).toEqual([1, 2]);
  });
});

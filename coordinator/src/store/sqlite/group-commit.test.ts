import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { expect, test } from 'vitest';
import { batch, coverage, segments } from '../../testing/packets.js';
import { GroupCommit } from './group-commit.js';

const numbered = (sequence: number): Batch => batch('t', sequence, segments(0), coverage(0));

/** Commits that end when the test says so. */
function manual() {
  const groups: { sequences: number[]; end: (error?: Error) => void }[] = [];
  const commits = new GroupCommit(
    async (batches) =>
      await new Promise<void>((resolve, reject) => {
        const end = (error?: Error) => (error === undefined ? resolve() : reject(error));
        groups.push({ sequences: batches.map(({ sequence }) => Number(sequence)), end });
      }),
  );
  return { groups, commits };
}

/** Lets everything that is ready run. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('a lone batch goes at once; what comes meanwhile shares the next commit, in order', async () => {
  const { groups, commits } = manual();
  const all = [1, 2, 3].map(async (sequence) => await commits.add([numbered(sequence)]));
  expect(groups.map(({ sequences }) => sequences)).toEqual([[1]]);
  groups[0].end();
  await turn();
  expect(groups.map(({ sequences }) => sequences)).toEqual([[1], [2, 3]]);
  groups[1].end();
  await Promise.all(all);
});

test('what waits behind a failed commit fails with it, so that no batch gets ahead of a lost one', async () => {
  const { groups, commits } = manual();
  const all = [1, 2].map(async (sequence) => await commits.add([numbered(sequence)]));
  const settled = Promise.allSettled(all);
  groups[0].end(new Error('disk full'));
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = commits.add([numbered(1)]);
  await turn();
  expect(groups.at(-1)?.sequences).toEqual([1]);
  groups.at(-1)?.end();
  await again;
});

import { expect, test } from 'vitest';
import { Connection } from '../client/client.js';
import { loadContext } from '../context/context.js';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { watchCapture } from './watch.js';

test('a coordinator that stays away is given up, with how to get the report later', async () => {
  const coordinator = new FakeCoordinator();
  await coordinator.start({});
  const connection = new Connection(loadContext(coordinator.contextFile()), Date.now);
  coordinator.kill();
  const lost: string[] = [];
  const events = { state: () => {}, finding: () => {}, lost: (error: Error) => lost.push(error.message) };
  const watching = watchCapture(connection, 'c-1', events, { now: Date.now, patienceMs: 1_000 });
  await expect(watching).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/has been away for 1 s.*`bothends report c-1` prints the report/),
  });
  expect(lost).toHaveLength(1);
  connection.close();
  coordinator.close();
});

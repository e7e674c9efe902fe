import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../case.js';
import { startAgents } from './agents.js';
import { call } from './call.js';
import { online, packetsOf, reached, start } from './captures.js';
import { BenchCoordinator } from './coordinator.js';

/** Connections among which the packets are divided. */
const FLOWS = 1_000;
/** Packets per second of one tap: two cores take twice that and the agents' part. */
const RATE = 50_000;
/** A look at how many there are. */
const LOOK_MS = 200;

/** A coordinator with one finished capture. */
export interface LargeCapture extends AsyncDisposable {
  readonly coordinator: BenchCoordinator;
  readonly id: string;
  /** At both taps together. */
  readonly packets: number;
}

/** Records so many packets at each of two taps over a coordinator of its own, which serves the page too. */
export async function largeCapture(bench: Bench, packets: number): Promise<LargeCapture> {
  // Cases that run one after the other each record their own.
  const folder = mkdtempSync(join(bench.folder, 'large-'));
  bench.say(`recording 2 × ${packets} packets in ${FLOWS} connections`);
  const coordinator = await BenchCoordinator.start(folder, true);
  const agents = await startAgents(coordinator, folder, 1, RATE, FLOWS);
  await online(coordinator, 2);
  const id = await start(coordinator, 0);
  await reached(coordinator, [id], ['recording']);
  while (agents.sources.some(({ made }) => made < packets)) await sleep(LOOK_MS);
  await call((done) => coordinator.client.stopCapture({ captureId: id }, done));
  await reached(coordinator, [id], ['complete']);
  await agents.end();
  const taken = await packetsOf(coordinator, [id]);
  return { coordinator, id, packets: taken, [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose]() };
}

/** A thread that asks a coordinator questions, as somebody at another terminal does: what else its process does holds up no answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { identityCredentials } from '@bothends/agent/uplink/credentials';
import { readContext } from '@bothends/coordinator';
import { BothendsClient } from '@bothends/proto/gen/bothends/v1/bothends';
import { call, MESSAGE_OPTIONS } from './call.js';

/** What is asked: the list of agents or captures, or the report of a capture as it stands. */
export type Question = { readonly list: 'agents' | 'captures' } | { readonly report: string };

interface Questioning {
  /** Context file of the one who asks. */
  readonly context: string;
  readonly question: Question;
  readonly seconds: number;
}

/** Pause between two questions, as of a person with a script. */
const ASK_MS = 100;

/** Asks again and again for some seconds; how long each answer took, ms. */
export async function waitsFor(context: string, question: Question, seconds: number): Promise<number[]> {
  const asked: Questioning = { context, question, seconds };
  const worker = new Worker(new URL(import.meta.url), { workerData: asked });
  return await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function ask({ context, question, seconds }: Questioning): Promise<number[]> {
  const own = await readContext(context);
  if (own === null) throw new Error(`there is no context file ${context}`);
  const client = new BothendsClient(own.address, identityCredentials(own), MESSAGE_OPTIONS);
  const once = async () => {
    if ('report' in question) await call((done) => client.getReport({ captureId: question.report }, done));
    else if (question.list === 'agents') await call((done) => client.listAgents({}, done));
    else await call((done) => client.listCaptures({}, done));
  };
  // Connecting is not what is measured.
  await once();
  const waits: number[] = [];
  for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; await sleep(ASK_MS)) {
    const askedMs = performance.now();
    await once();
    waits.push(performance.now() - askedMs);
  }
  client.close();
  return waits;
}

if (parentPort !== null) parentPort.postMessage(await ask(workerData as Questioning));

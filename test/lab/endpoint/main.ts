/** `node main.js '<EndpointSpec as JSON>'`: words on standard input, events on standard output. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Surroundings } from './conversation.js';
import type { EndpointSpec } from './spec.js';
import { connectTcp, listenTcp } from './tcp.js';
import { connectUdp, listenUdp } from './udp.js';

/** Words are remembered: the scenario may say one before a step waits for it. Each satisfies one step of each connection. */
function surroundings(): Surroundings {
  const said: string[] = [];
  const waiting = new Set<{ word: string; go: () => void }>();
  createInterface({ input: process.stdin }).on('line', (word) => {
    const matching = [...waiting].filter((wait) => wait.word === word);
    if (matching.length === 0) said.push(word);
    for (const wait of matching) {
      waiting.delete(wait);
      wait.go();
    }
  });
  return {
    say: (event, connection, detail = '') => {
      process.stdout.write(`${event} ${connection}${detail && ` ${detail}`}\n`);
    },
    told: (word) => {
      const index = said.indexOf(word);
      if (index >= 0) {
        said.splice(index, 1);
        return Promise.resolve();
      }
      return new Promise((go) => waiting.add({ word, go }));
    },
    sleep,
  };
}

async function main(): Promise<void> {
  const spec = JSON.parse(process.argv[2] ?? '') as EndpointSpec;
  const around = surroundings();
  const udp = spec.protocol === 'udp';
  if (spec.role === 'listen') {
    if (udp) listenUdp(spec, around);
    else listenTcp(spec, around);
    return;
  }
  await (udp ? connectUdp(spec, around) : connectTcp(spec, around));
  // Standard input is still open; there is nothing left to be told.
  process.stdin.destroy();
}

await main();

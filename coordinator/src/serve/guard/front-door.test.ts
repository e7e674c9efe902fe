import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Harness } from '../../testing/harness.js';

/** As front-door.ts has it. */
const MAX_STRANGERS = 1024;
const MEMBERS = 20;

let harness: Harness;
const sockets: Socket[] = [];
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await harness.stop();
});

async function member(key: string, cert: string): Promise<void> {
  const { port } = harness.handle;
  const { caPem: ca } = harness.context;
  const socket = connectTls({ port, host: '127.0.0.1', ca, key, cert, ALPNProtocols: ['h2'] });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  // The server's first frame: it has taken the connection in.
  await once(socket, 'data');
}

/** Connects, and says nothing. */
async function stranger(): Promise<Socket> {
  const socket = connectTcp(harness.handle.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

test('agents of one address do not use up the room that strangers have there, nor they without end', async () => {
  const { keyPem, certificatePem } = await harness.join('web');
  for (let i = 0; i < MEMBERS; i++) await member(keyPem, certificatePem);
  const strangers: Socket[] = [];
  // The harness has connections of its own, which are of members, too.
  for (let i = 0; i < MAX_STRANGERS; i++) strangers.push(await stranger());
  const tooMany = await stranger();
  await once(tooMany, 'close');
  expect(strangers.filter((socket) => socket.closed)).toHaveLength(0);
  strangers[0]?.destroy();
  await once(strangers[0] as Socket, 'close');
  await member(keyPem, certificatePem);
});

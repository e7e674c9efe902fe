/**
 * A resolver or its client in a lab host: `dns.js serve PORT RCODE|silent [SILENT_TYPE]`, or `dns.js ask ADDRESS PORT
 * TYPE`. The client asks again after a second and says `answered RCODE` or `unanswered`; the resolver says `listening`.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { DNS_TYPE, dnsAnswer, dnsQuery } from '../../truth/messages.js';

const NAME = 'www.example.org';
const QUERY_ID = 0x4321;
/** Twice is what glibc's resolver does; it waits 5 s each, which no capture needs. */
const ATTEMPTS = 2;
const RETRY_MS = 1_000;

function serve(port: number, rcode: number | null, silentType: number | null): void {
  const socket = createSocket({ type: 'udp6', ipv6Only: false });
  socket.on('message', (message, peer) => {
    if (rcode === null) return;
    const type = message.readUInt16BE(message.length - 4);
    if (type === silentType) return;
    socket.send(dnsAnswer(message.readUInt16BE(0), NAME, type, rcode), peer.port, peer.address);
  });
  socket.bind(port, () => console.log('listening'));
}

async function ask(address: string, port: number, type: number): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message) => {
    console.log(`answered ${message.readUInt16BE(2) & 15}`);
    process.exit(0);
  });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    socket.send(dnsQuery(QUERY_ID, NAME, type), port, address);
    await sleep(RETRY_MS);
  }
  console.log('unanswered');
  process.exit(0);
}

function typeOf(name: string | undefined): number | null {
  return DNS_TYPE[name as keyof typeof DNS_TYPE] ?? null;
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'serve') {
  serve(Number(rest[0]), rest[1] === 'silent' ? null : Number(rest[1]), typeOf(rest[2]));
} else await ask(rest[0] ?? '', Number(rest[1]), typeOf(rest[2]) ?? DNS_TYPE.a);

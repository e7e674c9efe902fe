import type { Lab } from '../lab/index.js';

/** Long enough that none of them is anywhere by chance; small letters, because names are digested in those. */
export const SECRETS = {
  payload: 'payloadsecretqzvkxw0193',
  url: 'urlsecretqzvkxw1847',
  cookie: 'cookiesecretqzvkxw2751',
  host: 'hostsecretqzvkxw8830',
  sni: 'snisecretqzvkxw3602',
  dns: 'dnssecretqzvkxw4418',
};
export const ALL_SECRETS: readonly string[] = Object.values(SECRETS);

/**
 * Everything that a client may say in clear: HTTP, a ClientHello, a DNS question; the secrets come early in the packet. It ends
 * when all of it was heard.
 */
const TALK = `
const [address] = process.argv.slice(1);
const net = require('node:net'), tls = require('node:tls'), dgram = require('node:dgram');
const http = net.connect(8080, address, () => {
  http.end('GET /${SECRETS.url} HTTP/1.1\\r\\nHost: ${SECRETS.host}.example\\r\\nCookie: a=${SECRETS.cookie}\\r\\n\\r\\n');
});
const raw = net.connect(9090, address, () => raw.end('${SECRETS.payload}'));
const hello = tls.connect({ host: address, port: 8443, servername: '${SECRETS.sni}.example', rejectUnauthorized: false });
const label = '${SECRETS.dns}';
const question = Buffer.concat([Buffer.from('abcd01000001000000000000', 'hex'), Buffer.of(label.length),
  Buffer.from(label), Buffer.from('076578616d706c650000010001', 'hex')]);
const udp = dgram.createSocket('udp4');
let open = 4;
const over = () => {
  if (--open === 0) process.exit(0);
};
udp.send(question, 53, address, () => udp.close(over));
for (const socket of [http, raw, hello]) socket.on('error', () => {}).on('close', over);
`;
const LISTEN = `
const net = require('node:net');
let open = 0;
for (const port of [8080, 8443, 9090]) {
  // What was said has arrived by then; a ClientHello gets no other answer.
  net.createServer((socket) => { socket.on('error', () => {}).once('data', () => socket.end()); }).listen(port, () => {
    if (++open === 3) process.stdout.write('open');
  });
}
`;

/** Lets the client say all of them to the server, over HTTP, TLS, DNS and a protocol of its own. */
export async function talkInSecrets(lab: Lab): Promise<void> {
  const server = lab.host('server').spawn([process.execPath, '-e', LISTEN]);
  await new Promise((resolve) => server.stdout?.once('data', resolve));
  await lab.host('client').check([process.execPath, '-e', TALK, lab.host('server').address()]);
  server.kill();
}

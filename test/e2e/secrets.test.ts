import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { filesBelow, secretsIn } from '../trust/search.js';

const TIMEOUT_MS = 120_000;
/** Longer than a batch waits in memory, and for a link to come back. */
const SETTLE_MS = 2_500;

/** Long enough that none of them is anywhere by chance; small letters, because names are digested in those. */
const SECRETS = {
  payload: 'payloadsecretqzvkxw0193',
  url: 'urlsecretqzvkxw1847',
  cookie: 'cookiesecretqzvkxw2751',
  host: 'hostsecretqzvkxw8830',
  sni: 'snisecretqzvkxw3602',
  dns: 'dnssecretqzvkxw4418',
};
const ALL = Object.values(SECRETS);

/** Everything that a client may say in clear: HTTP, a ClientHello, a DNS question; the secrets come early in the packet. */
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
udp.send(question, 53, address, () => udp.close());
for (const socket of [http, raw, hello]) socket.on('error', () => {});
setTimeout(() => process.exit(0), 700);
`;
const LISTEN = `
const net = require('node:net');
let open = 0;
for (const port of [8080, 8443, 9090]) {
  net.createServer((socket) => { socket.on('error', () => {}); socket.resume(); }).listen(port, () => {
    if (++open === 3) process.stdout.write('open');
  });
}
`;

describeLab('secrets in the traffic', () => {
  let lab: Lab;
  let fleet: Fleet;
  let scratch: string;
  let wire: string;
  let keys: string;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    // Not below the fleet's folder, which is searched.
    scratch = mkdtempSync(join(tmpdir(), 'bothends-secrets-'));
    keys = join(scratch, 'tls.keys');
    wire = join(scratch, 'wire.pcap');
    // With these keys tshark reads what the agents say to their coordinator.
    fleet = await Fleet.start(lab, { environment: { NODE_OPTIONS: `--tls-keylog=${keys}` } });
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function talk(): Promise<void> {
    const server = lab.host('server').spawn([process.execPath, '-e', LISTEN]);
    await new Promise((resolve) => server.stdout?.once('data', resolve));
    await lab.host('client').check([process.execPath, '-e', TALK, lab.host('server').address()]);
    server.kill();
  }

  /** What agents and coordinator said to each other, decrypted, in hexadecimal. */
  async function decrypted(): Promise<string> {
    const options = ['-o', `tls.keylog_file:${keys}`, '-d', 'tcp.port==7443,tls'];
    const fields = [
      '-T',
      'fields',
      '-e',
      'http2.data.data',
      '-e',
      'http2.body.reassembled.data',
      '-e',
      'tls.segment.data',
    ];
    return checkCommand(['tshark', '-r', wire, ...options, '-Y', 'http2', ...fields]);
  }

  it('are in no file, no export and not on the wire', { timeout: TIMEOUT_MS }, async () => {
    const truthFile = join(scratch, 'truth.pcap');
    const link = await lab.host('coordinator').record(wire, { filter: 'tcp port 7443', snaplen: 262_144 });
    const running = fleet.capture(['client', 'server', '--name', 'secret']);
    await running.recording();
    const truth = await lab.host('client').record(truthFile, { filter: 'tcp or udp', snaplen: 2_000 });
    // Without a coordinator the evidence stays in the spools, where it is searched as well.
    await fleet.end('coordinator', 'SIGKILL');
    await talk();
    await sleep(SETTLE_MS);
    await truth.stop();
    expect(secretsIn(readFileSync(truthFile), ALL), 'the traffic holds every secret').toEqual(ALL);
    for (const name of ['client', 'server']) {
      const spool = filesBelow(join(fleet.folder, name, 'spool'));
      expect(spool.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(1000);
    }
    expectNone();

    await fleet.startCoordinator();
    await fleet.connected(['client', 'server']);
    await sleep(SETTLE_MS);
    const { stdout, stderr } = await running.stop();
    await link.stop();
    expect(secretsIn(Buffer.from(stdout + stderr), ALL)).toEqual([]);
    const { flows } = await fleet.report('secret');
    // The evidence of all four conversations is there, or the search would prove nothing.
    expect(flows.map(({ server }) => server.port)).toEqual(expect.arrayContaining([53, 8080, 8443, 9090]));
    await exportAll();
    expectNone();
    const hex = await decrypted();
    // Names of taps are said in clear: so tshark has read what the agents shipped.
    for (const tap of ['-client', '-server']) expect(hex).toContain(Buffer.from(tap).toString('hex'));
    for (const secret of ALL) expect(hex).not.toContain(Buffer.from(secret).toString('hex'));
  });

  async function exportAll(): Promise<void> {
    const file = (name: string) => join(fleet.folder, name);
    for (const format of ['text', 'json', 'markdown', 'html']) {
      const { stdout } = await fleet.run(['report', 'secret', '-o', format]);
      expect(stdout.length).toBeGreaterThan(100);
      expect(secretsIn(Buffer.from(stdout), ALL)).toEqual([]);
    }
    const { code, stderr } = await fleet.run([
      'export',
      'secret',
      '--bundle',
      file('bundle.tar'),
      '--pcapng',
      file('all.pcapng'),
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const audit = await fleet.run(['audit']);
    expect(secretsIn(Buffer.from(audit.stdout), ALL)).toEqual([]);
  }

  /** Database, spools, logs and exports are all below the folder of the fleet. */
  function expectNone(): void {
    const found = filesBelow(fleet.folder).flatMap(({ path, bytes }) =>
      secretsIn(bytes, ALL).map((secret) => `${secret} in ${path}`),
    );
    expect(found).toEqual([]);
  }
});

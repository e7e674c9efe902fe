import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrolRequest, type JoinServer, JoinService } from '@bothends/proto/gen/bothends/v1/agent';
import { createCsr } from '@bothends/proto/trust/csr';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatTarget, parseTarget } from './address.js';
import { enrol } from './enrol.js';
import { loadIdentity, saveIdentity } from './identity.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('SKIPPED: enrolment against made-up authorities needs the program openssl');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-join-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A CA and a server certificate of it, made by openssl. */
function makeAuthority(name: string): { ca: Buffer; hash: string; chain: Buffer; key: Buffer } {
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const path = (file: string) => `${name}-${file}`;
  const extensions = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign',
  ];
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.crt'),
    '-subj',
    `/CN=${name}`,
    ...extensions,
  );
  openssl('req', ...ec, '-keyout', path('key'), '-out', path('csr'), '-subj', '/CN=bothends-coordinator');
  writeFileSync(join(directory, path('ext')), 'subjectAltName=DNS:bothends-coordinator\n');
  const signing = [
    '-CA',
    path('ca.crt'),
    '-CAkey',
    path('ca.key'),
    '-CAcreateserial',
    '-extfile',
    path('ext'),
  ];
  openssl('x509', '-req', '-in', path('csr'), '-out', path('crt'), ...signing);
  const read = (file: string) => readFileSync(join(directory, path(file)));
  const ca = read('ca.crt');
  const hash = `sha256:${createHash('sha256').update(new X509Certificate(ca).raw).digest('hex')}`;
  return { ca, hash, chain: Buffer.concat([read('crt'), ca]), key: read('key') };
}

/** A coordinator that takes one token. */
async function serve(authority: { chain: Buffer; key: Buffer; ca: Buffer }, requests: EnrolRequest[]) {
  const server = new Server();
  const service: JoinServer = {
    enrol: (call, answer) => {
      requests.push(call.request);
      if (call.request.token === 'be1.id.right') {
        answer(null, { certificatePem: 'certificate', caPem: authority.ca.toString() });
      } else {
        answer({ code: status.UNAUTHENTICATED, details: 'the join token has been used already' });
      }
    },
  };
  server.addService(JoinService, service);
  const pair = [{ cert_chain: authority.chain, private_key: authority.key }];
  const credentials = ServerCredentials.createSsl(null, pair, false);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

describe.skipIf(!hasOpenssl)('joining a coordinator', () => {
  it('makes an identity that only its owner reads, with a key that never left', async () => {
    const authority = makeAuthority('ours');
    const requests: EnrolRequest[] = [];
    const server = await serve(authority, requests);
    const dataDir = join(directory, 'data');
    const { address } = server;
    await enrol({ address, token: 'be1.id.right', caHash: authority.hash, name: 'db-1', dataDir });
    server.close();
    const identity = loadIdentity(dataDir);
    expect(identity).toMatchObject({ name: 'db-1', address, certificatePem: 'certificate' });
    expect(identity?.caPem.trim()).toBe(authority.ca.toString().trim());
    expect(statSync(join(dataDir, 'identity.json')).mode & 0o777).toBe(0o600);
    writeFileSync(join(directory, 'req.der'), requests[0].csr);
    // openssl checks the request's own signature and reads its parts.
    const text = openssl('req', '-inform', 'DER', '-in', 'req.der', '-verify', '-noout', '-text');
    expect(text).toContain('CN = db-1');
    expect(text).toContain('prime256v1');
  });

  it('tells a stranger nothing: the token is not sent to a server with another CA', async () => {
    const requests: EnrolRequest[] = [];
    const server = await serve(makeAuthority('stranger'), requests);
    const { hash } = makeAuthority('ours');
    const joining = enrol({
      address: server.address,
      token: 't',
      caHash: hash,
      name: 'a',
      dataDir: directory,
    });
    await expect(joining).rejects.toMatchObject({ code: 'unauthenticated' });
    server.close();
    expect(requests).toEqual([]);
  });

  it('is not fooled by a server that shows the right CA behind a certificate of another', async () => {
    const ours = makeAuthority('ours');
    const stranger = makeAuthority('stranger');
    const requests: EnrolRequest[] = [];
    const leaf = stranger.chain.toString().split(/(?<=-----END CERTIFICATE-----\n)/)[0];
    const server = await serve({ ...stranger, chain: Buffer.from(leaf + ours.ca) }, requests);
    const joining = enrol({
      address: server.address,
      token: 't',
      caHash: ours.hash,
      name: 'a',
      dataDir: directory,
    });
    await expect(joining).rejects.toMatchObject({ code: 'unauthenticated' });
    server.close();
    expect(requests).toEqual([]);
  });

  it('says what the coordinator says of a token, and leaves no identity', async () => {
    const authority = makeAuthority('ours');
    const server = await serve(authority, []);
    const options = { address: server.address, caHash: authority.hash, name: 'a', dataDir: directory };
    await expect(enrol({ ...options, token: 'be1.id.used' })).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'the join token has been used already',
    });
    server.close();
    expect(loadIdentity(directory)).toBeNull();
  });
});

describe('joining nobody', () => {
  const hash = `sha256:${'0'.repeat(64)}`;

  it('says that nobody answers, and where', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const port = (listener.address() as { port: number }).port;
    await new Promise((resolve) => listener.close(resolve));
    const joining = enrol({
      address: `127.0.0.1:${port}`,
      token: 't',
      caHash: hash,
      name: 'a',
      dataDir: directory,
    });
    await expect(joining).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`no coordinator answers at 127.0.0.1:${port}`),
    });
  });

  it('says so when something else listens there', async () => {
    const listener = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n'));
    listener.listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const port = (listener.address() as { port: number }).port;
    const joining = enrol({
      address: `127.0.0.1:${port}`,
      token: 't',
      caHash: hash,
      name: 'a',
      dataDir: directory,
    });
    await expect(joining).rejects.toMatchObject({ code: 'unavailable' });
    listener.close();
  });

  it.each(['', 'sha256:abc', `md5:${'0'.repeat(64)}`])('refuses the CA hash "%s"', async (caHash) => {
    const joining = enrol({ address: '127.0.0.1', token: 't', caHash, name: 'a', dataDir: directory });
    await expect(joining).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('a certificate request', () => {
  it('holds long names in the long form of DER lengths', () => {
    const csr = createCsr('x'.repeat(200), generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    expect(csr.subarray(0, 2).toString('hex')).toBe('3082');
    expect(csr.readUInt16BE(2)).toBe(csr.length - 4);
  });
});

describe('an address', () => {
  it.each([
    ['db.example', 'db.example', 7443],
    ['db.example:1', 'db.example', 1],
    ['10.0.0.1:7443', '10.0.0.1', 7443],
    ['[2001:db8::1]:99', '2001:db8::1', 99],
    ['[::1]', '::1', 7443],
  ])('%s is host %s, port %d', (text, host, port) => {
    expect(parseTarget(text)).toEqual({ host, port });
  });

  it.each(['', 'a:b', '::1', 'host:0', 'host:65536', '-x:1', 'a b:1', '[::1]x'])('refuses "%s"', (text) => {
    expect(() => parseTarget(text)).toThrow('is no address of a coordinator');
  });

  it('is written as it was read', () => {
    for (const text of ['db:1', '[::1]:7443', '10.0.0.1:7443'])
      expect(formatTarget(parseTarget(text))).toBe(text);
  });
});

describe('an identity', () => {
  it('comes back as it was saved, and is null before', () => {
    const identity = { name: 'a', address: 'b:1', caPem: 'c', certificatePem: 'd', keyPem: 'e' };
    expect(loadIdentity(directory)).toBeNull();
    saveIdentity(directory, identity);
    expect(loadIdentity(directory)).toEqual(identity);
  });

  it.each(['', '{}', '{"name": 1}', 'null'])('that reads %s says what to do', (text) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'identity.json'), text);
    expect(() => loadIdentity(directory)).toThrow('restore the file, or remove it and join again');
  });
});

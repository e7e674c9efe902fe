import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A throw-away authority with a server and a client certificate, in PEM. */
export interface TestPki {
  readonly caPem: string;
  readonly serverCertificatePem: string;
  readonly serverKeyPem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/** Makes them with openssl, so that the truth about TLS comes from elsewhere. */
export function makePki(): TestPki {
  const dir = mkdtempSync(join(tmpdir(), 'bothends-pki-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=test CA',
    );
    writeFileSync(join(dir, 'san'), 'subjectAltName=DNS:bothends-coordinator\n');
    for (const name of ['server', 'client']) {
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        '2',
        '-extfile',
        'san',
      );
    }
    return {
      caPem: read('ca.pem'),
      serverCertificatePem: read('server.pem'),
      serverKeyPem: read('server.key'),
      clientCertificatePem: read('client.pem'),
      clientKeyPem: read('client.key'),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

import { generateKeyPairSync } from 'node:crypto';
import { type EnrolRequest, type EnrolResponse, JoinClient } from '@bothends/proto/gen/bothends/v1/agent';
import { createCsr } from '@bothends/proto/trust/csr';
import { credentials, Metadata } from '@grpc/grpc-js';
import { formatTarget, parseTarget } from './address.js';
import { fetchCa, parseCaHash } from './chain.js';
import { CHANNEL_OPTIONS } from './credentials.js';
import { type Identity, makeRoomForIdentity, saveIdentity } from './identity.js';
import { fromRpcError } from './rpc-error.js';

/** What a join line says, and where to keep the result. */
export interface JoinOptions {
  /** `HOST:PORT` of the coordinator. */
  readonly address: string;
  /** `be1.<id>.<secret>`, good once. */
  readonly token: string;
  /** `sha256:<64 hex>` of the coordinator's CA certificate. */
  readonly caHash: string;
  readonly name: string;
  readonly dataDir: string;
}

/** A coordinator that takes longer is as good as not there. */
const JOIN_TIMEOUT_MS = 10_000;

/**
 * Joins a coordinator in the manner of `kubeadm join`: its CA is checked against the hash, then the token is
 * exchanged for a certificate on a key that never leaves this host. The identity is kept in `dataDir`.
 * Throws `invalid-argument`, `unavailable`, `unauthenticated` (wrong coordinator; wrong, used or expired token), and
 * what `saveIdentity` throws; then the token is not used.
 */
export async function enrol(options: JoinOptions): Promise<Identity> {
  const address = parseTarget(options.address);
  const target = formatTarget(address);
  const caPem = await fetchCa(address, parseCaHash(options.caHash), JOIN_TIMEOUT_MS);
  makeRoomForIdentity(options.dataDir);
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const csr = createCsr(options.name, keys);
  const { token, name } = options;
  const answer = await callEnrol(target, caPem, { token, name, csr, takesAuthorities: true });
  const identity: Identity = {
    name: options.name,
    address: target,
    joinedBy: options.caHash,
    // While a coordinator replaces its authority it has two: the one that was checked, and the one that comes.
    caPem: answer.caPem || caPem,
    certificatePem: answer.certificatePem,
    keyPem: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
  saveIdentity(options.dataDir, identity);
  return identity;
}

async function callEnrol(target: string, caPem: string, request: EnrolRequest): Promise<EnrolResponse> {
  const client = new JoinClient(target, credentials.createSsl(Buffer.from(caPem)), CHANNEL_OPTIONS);
  // gRPC wants a point in time; it is the edge where the clock is read.
  const deadline = new Date(Date.now() + JOIN_TIMEOUT_MS);
  try {
    return await new Promise((resolve, reject) => {
      client.enrol(request, new Metadata(), { deadline }, (error, answer) =>
        error ? reject(fromRpcError(error, target)) : resolve(answer),
      );
    });
  } finally {
    client.close();
  }
}

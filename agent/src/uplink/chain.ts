import { createHash, X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { BothendsError, COORDINATOR_NAME } from '@bothends/proto';
import { type Address, formatTarget } from './address.js';

const CA_HASH = /^sha256:([0-9a-f]{64})$/i;
/** No chain of ours is longer than leaf and CA; a peer that sends more is not followed for ever. */
const MAX_CHAIN = 8;

/** The 64 hex digits of `sha256:<hex>`, in lower case. Throws `invalid-argument`. */
export function parseCaHash(text: string): string {
  const match = CA_HASH.exec(text.trim());
  if (match) return match[1].toLowerCase();
  throw new BothendsError(
    'invalid-argument',
    `"${text}" is no CA hash (sha256: and 64 hex digits): copy the whole join line`,
  );
}

/**
 * Fetches the chain that the server at `address` presents and returns the CA in it whose DER has this SHA-256,
 * in PEM, if the server's own certificate is signed by it. Nothing secret is sent on this connection.
 * Throws `unavailable` when nobody answers, `unauthenticated` when it is not the coordinator of the join line.
 */
export async function fetchCa(address: Address, caHash: string, timeoutMs: number): Promise<string> {
  const chain = await fetchChain(address, timeoutMs);
  const target = formatTarget(address);
  const ca = chain.find((certificate) => hashOf(certificate) === caHash);
  const leaf = chain[0];
  if (!ca) {
    throw new BothendsError(
      'unauthenticated',
      `the server at ${target} is not the coordinator of this join line: no certificate that it shows has the hash ` +
        `sha256:${caHash}. Copy the whole join line again; if it stays so, something sits between the two`,
    );
  }
  if (!ca.ca || !leaf.verify(ca.publicKey)) {
    throw new BothendsError(
      'unauthenticated',
      `the server at ${target} shows the right CA but is not certified by it`,
    );
  }
  return ca.toString();
}

function hashOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

/** The certificates of the server, its own first. */
async function fetchChain(address: Address, timeoutMs: number): Promise<X509Certificate[]> {
  const target = formatTarget(address);
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host: address.host,
      port: address.port,
      servername: COORDINATOR_NAME,
      ALPNProtocols: ['h2'],
      // Who it is gets checked by the hash: no CA is trusted yet.
      rejectUnauthorized: false,
    });
    const fail = (why: string, cause?: unknown) => {
      socket.destroy();
      const message = `no coordinator answers at ${target} (${why}): check the address, and that port ${address.port} is open`;
      reject(new BothendsError('unavailable', message, { cause }));
    };
    socket.setTimeout(timeoutMs, () => fail(`no TLS handshake within ${timeoutMs / 1000} s`));
    socket.once('error', (error) => fail(error.message, error));
    socket.once('close', () => fail('it closed the connection'));
    socket.once('secureConnect', () => {
      resolve(chainOf(socket.getPeerCertificate(true)));
      socket.destroy();
    });
  });
}

function chainOf(first: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = first;
  while (next?.raw && chain.length < MAX_CHAIN) {
    chain.push(new X509Certificate(next.raw));
    // The last one is its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

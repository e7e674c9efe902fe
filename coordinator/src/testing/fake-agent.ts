import { PROTOCOL } from '@bothends/proto';
import {
  AgentLinkClient,
  type ControlRequest,
  type ControlResponse,
  type Hello,
  JoinClient,
  type RawHead,
  type ShipRequest,
  type ShipResponse,
  type TapState,
} from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js';
import type { Credentials } from '../trust/ca.js';
import { generateKeyPair, privateKeyPem } from '../trust/certificates.js';
import { x509 } from '../trust/x509.js';

/** Channel options of every client: the server is known by its CA and this name, wherever it listens. */
export const CLIENT_OPTIONS = { 'grpc.ssl_target_name_override': 'bothends-coordinator' };

/** A new key and a request for a certificate on it, PKCS#10 in DER. */
export async function certificateRequest(name: string): Promise<{ csr: Buffer; keyPem: string }> {
  const keys = await generateKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return { csr: Buffer.from(request.rawData), keyPem: await privateKeyPem(keys.privateKey) };
}

/** Enrols over the wire, as an agent does. */
export async function enrolOverWire(
  address: string,
  caPem: string,
  token: string,
  name: string,
): Promise<Credentials> {
  const { csr, keyPem } = await certificateRequest(name);
  const client = new JoinClient(address, credentials.createSsl(Buffer.from(caPem)), CLIENT_OPTIONS);
  try {
    const response = await new Promise<{ certificatePem: string }>((resolve, reject) => {
      client.enrol({ token, name, csr, takesAuthorities: true }, (error, value) =>
        error === null ? resolve(value) : reject(error),
      );
    });
    return { certificatePem: response.certificatePem, keyPem };
  } finally {
    client.close();
  }
}

export function clientCredentials(caPem: string, own: Credentials) {
  return credentials.createSsl(Buffer.from(caPem), Buffer.from(own.keyPem), Buffer.from(own.certificatePem));
}

type Received = NonNullable<ControlResponse['message']>;
type ReceivedOf<Case extends Received['$case']> = Extract<Received, { $case: Case }>['value'];

/** An agent by hand: every message it sends is a line of the test. */
export class FakeAgent {
  readonly name: string;
  readonly #client: AgentLinkClient;
  readonly #control: ClientDuplexStream<ControlRequest, ControlResponse>;
  readonly #received: Received[] = [];
  readonly #wakes = new Set<() => void>();
  /** Resolves with the status when the control stream ends. */
  readonly ended: Promise<ServiceError | null>;

  constructor(name: string, address: string, caPem: string, own: Credentials) {
    this.name = name;
    this.#client = new AgentLinkClient(address, clientCredentials(caPem, own), CLIENT_OPTIONS);
    this.#control = this.#client.control();
    this.#control.on('data', ({ message }: ControlResponse) => {
      if (message !== undefined) this.#received.push(message);
      for (const wake of this.#wakes) wake();
    });
    this.ended = new Promise((resolve) => {
      this.#control.on('error', (error: ServiceError) => resolve(error));
      this.#control.on('end', () => resolve(null));
    });
  }

  hello(change: Partial<Hello> = {}): void {
    this.send({ $case: 'hello', value: { ...helloOf(this.name), ...change } });
  }

  send(message: ControlRequest['message']): void {
    this.#control.write({ message });
  }

  state(tapId: string, state: string, change: Partial<TapState> = {}): void {
    const value = { tapId, state, reason: '', code: '', markerNs: 0n, coverage: undefined, ...change };
    this.send({ $case: 'tapState', value });
  }

  /** The next message of a kind, taken out of the queue. */
  async next<Case extends Received['$case']>(kind: Case): Promise<ReceivedOf<Case>> {
    while (true) {
      const index = this.#received.findIndex(({ $case }) => $case === kind);
      if (index >= 0) return this.#received.splice(index, 1)[0].value as ReceivedOf<Case>;
      await this.#message();
    }
  }

  /** Ships batches on a stream of their own; resolves when as many answers came. */
  async ship(...batches: Batch[]): Promise<ShipResponse[]> {
    const stream = this.#client.ship();
    try {
      return await new Promise<ShipResponse[]>((resolve, reject) => {
        const answers: ShipResponse[] = [];
        stream.on('data', (answer: ShipResponse) => {
          if (answers.push(answer) === batches.length) resolve(answers);
        });
        stream.on('error', reject);
        for (const batch of batches) stream.write({ batch } satisfies ShipRequest);
      });
    } finally {
      stream.on('error', () => {});
      stream.end();
    }
  }

  /** Answers a FetchRaw; resolves with what was wrong with it, null when it was taken. */
  async sendRaw(head: RawHead, pieces: readonly string[]): Promise<ServiceError | null> {
    return await new Promise((resolve) => {
      const stream = this.#client.sendRaw((error) => resolve(error));
      stream.on('error', () => {});
      stream.write({ message: { $case: 'head', value: head } });
      for (const piece of pieces) stream.write({ message: { $case: 'data', value: Buffer.from(piece) } });
      stream.end();
    });
  }

  /** Breaks the link without a word, as a network does. */
  close(): void {
    this.#control.on('error', () => {});
    this.#control.cancel();
    this.#client.close();
  }

  async #message(): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#wakes.delete(wake);
        resolve();
      };
      this.#wakes.add(wake);
    });
  }
}

export function helloOf(name: string): Hello {
  const address = `10.0.0.${(name.charCodeAt(0) % 200) + 1}`;
  return {
    version: '0.1.0',
    protocol: PROTOCOL,
    hostname: name,
    bootId: 'boot',
    platform: 'linux',
    backEnds: [{ name: 'tcpdump', available: true, reason: '', version: '4.99' }],
    interfaces: [
      {
        name: 'lo',
        index: 1,
        up: true,
        mtu: 65536,
        xdp: false,
        offloads: [],
        addresses: ['127.0.0.1/8', '::1/128'],
      },
      { name: 'eth0', index: 2, up: true, mtu: 1500, xdp: false, offloads: [], addresses: [`${address}/24`] },
    ],
    tapIds: [],
    limits: [],
    consentOwners: [],
    dataDirectory: '',
  };
}

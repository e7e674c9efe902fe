import { createRequire } from 'node:module';
import {
  type Client,
  type ClientDuplexStream,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT_OPTIONS, clientCredentials } from '../testing/fake-agent.js';
import { call, Harness } from '../testing/harness.js';

interface ReflectionRequest {
  list_services?: string;
  file_containing_symbol?: string;
  file_by_filename?: string;
}

interface ReflectionResponse {
  list_services_response: { service: { name: string }[] } | null;
  file_descriptor_response: { file_descriptor_proto: Buffer[] } | null;
  error_response: { error_code: number; error_message: string } | null;
}

type Conversation = ClientDuplexStream<ReflectionRequest, ReflectionResponse>;

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.online('web');
});
afterAll(async () => {
  await harness.stop();
});

/** The constructor of a client of a service among loaded definitions. */
function clientOf(definitions: GrpcObject, path: string): ServiceClientConstructor {
  let found: unknown = definitions;
  for (const name of path.split('.')) found = (found as Record<string, unknown>)[name];
  return found as ServiceClientConstructor;
}

/** grpcurl without its arguments: whatever it knows of a server it asks that server, over one stream. */
class Curl {
  readonly #stream: Conversation;
  readonly #client: Client;

  constructor(version: 'v1' | 'v1alpha') {
    const proto = createRequire(import.meta.url).resolve(
      `@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`,
    );
    const definitions = loadPackageDefinition(loadSync(proto, { keepCase: true, defaults: true }));
    const Reflection = clientOf(definitions, `grpc.reflection.${version}.ServerReflection`);
    this.#client = connected(Reflection);
    const open = (this.#client as unknown as Record<string, () => unknown>).ServerReflectionInfo;
    this.#stream = open?.call(this.#client) as Conversation;
    // The answers' own errors are what a test reads.
    this.#stream.on('error', () => {});
  }

  async ask(request: ReflectionRequest): Promise<ReflectionResponse> {
    const answer = new Promise<ReflectionResponse>((resolve) => this.#stream.once('data', resolve));
    this.#stream.write(request);
    return await answer;
  }

  /** `grpcurl list`. */
  async list(): Promise<string[]> {
    const { list_services_response: services } = await this.ask({ list_services: '*' });
    return (services?.service ?? []).map(({ name }) => name);
  }

  /** Calls a method of a service of which nothing is known but what the server tells. */
  async invoke(service: string, method: string, request: object): Promise<unknown> {
    const { file_descriptor_response: files } = await this.ask({ file_containing_symbol: service });
    const set = Buffer.concat((files?.file_descriptor_proto ?? []).map(asSetMember));
    const client = connected(clientOf(loadPackageDefinition(loadFileDescriptorSetFromBuffer(set)), service));
    const run = (client as unknown as Record<string, (request: object, done: unknown) => unknown>)[method];
    try {
      return await call((done) => run?.call(client, request, done));
    } finally {
      client.close();
    }
  }

  close(): void {
    this.#stream.end();
    this.#client.close();
  }
}

function connected(Service: ServiceClientConstructor): Client {
  const { handle, context } = harness;
  return new Service(handle.address, clientCredentials(context.caPem, context), CLIENT_OPTIONS);
}

/** One FileDescriptorProto as a member of a FileDescriptorSet: field 1, its length as a varint, its bytes. */
function asSetMember(file: Buffer): Buffer {
  const length: number[] = [];
  let rest = file.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([0x0a, ...length, rest]), file]);
}

describe.each(['v1', 'v1alpha'] as const)('reflection %s, as grpcurl asks', (version) => {
  let curl: Curl;
  beforeAll(() => {
    curl = new Curl(version);
  });
  afterAll(() => curl.close());

  test('lists the services, health among them', async () => {
    expect(await curl.list()).toEqual(
      expect.arrayContaining(['bothends.v1.AgentLink', 'bothends.v1.Bothends', 'grpc.health.v1.Health']),
    );
  });

  test('describes a service, a method, a message, and names what there is not', async () => {
    for (const symbol of [
      'bothends.v1.Bothends',
      'bothends.v1.Bothends.ListAgents',
      'bothends.v1.Batch',
      'grpc.health.v1.HealthCheckRequest',
    ]) {
      const { file_descriptor_response: files } = await curl.ask({ file_containing_symbol: symbol });
      expect(files?.file_descriptor_proto.length, symbol).toBeGreaterThan(0);
    }
    const { error_response: error } = await curl.ask({ file_containing_symbol: 'bothends.v1.Nothing' });
    expect(error?.error_message).toContain('bothends.v1.Nothing');
  });

  test('is enough to call a method', async () => {
    expect(await curl.invoke('bothends.v1.Bothends', 'ListAgents', {})).toMatchObject({
      agents: [expect.objectContaining({ name: 'web', online: true })],
    });
  });

  test('is enough to ask for health', async () => {
    const answer = await curl.invoke('grpc.health.v1.Health', 'Check', { service: '' });
    expect(['SERVING', 1]).toContain((answer as { status: unknown }).status);
  });
});

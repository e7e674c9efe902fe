import { Client, credentials } from '@grpc/grpc-js';

const SOCKET = 'unix:///run/containerd/containerd.sock';
/** Making a sandbox unpacks an image and sets up a network. */
const CALL_MS = 30_000;

/** A pod as a kubelet asks a runtime for it. */
export interface Sandbox {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The few calls of a kubelet that make and remove sandboxes (runtime.v1, k8s.io/cri-api), encoded by hand. */
export class Kubelet {
  readonly #client = new Client(SOCKET, credentials.createInsecure());
  readonly #folder: string;

  /** @param folder for logs */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes a sandbox with a network of its own; resolves with its id. */
  async run({ namespace, name, uid }: Sandbox): Promise<string> {
    const metadata = Buffer.concat([field(1, name), field(2, uid), field(3, namespace)]);
    const linux = field(1, CGROUP);
    const config = Buffer.concat([field(1, metadata), field(3, this.#folder), field(8, linux)]);
    const answer = await this.#call('RunPodSandbox', field(1, config));
    // One field, a string shorter than 128 bytes.
    return answer.subarray(2).toString();
  }

  async remove(id: string): Promise<void> {
    await this.#call('StopPodSandbox', field(1, id));
    await this.#call('RemovePodSandbox', field(1, id));
  }

  close(): void {
    this.#client.close();
  }

  #call(method: string, request: Buffer): Promise<Buffer> {
    const same = (bytes: Buffer) => bytes;
    const path = `/runtime.v1.RuntimeService/${method}`;
    return new Promise((resolve, reject) => {
      const deadline = { deadline: Date.now() + CALL_MS };
      this.#client.makeUnaryRequest(path, same, same, request, deadline, (error, answer) =>
        error === null && answer ? resolve(answer) : reject(error),
      );
    });
  }
}

/** Control group of the sandboxes. */
export const CGROUP = '/bothends-test';

/** A field of bytes or text, as protobuf encodes it; its length fits into two bytes. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

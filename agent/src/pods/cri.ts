import {
  type ListPodSandboxResponse,
  type PodSandbox,
  type PodSandboxStatusResponse,
  RuntimeServiceClient,
} from '@bothends/proto/gen/runtime/v1/runtime';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { at, networkOf, parseJson } from './json.js';
import type { NodeFiles } from './node-files.js';
import type { PodRecord, PodSource } from './pod.js';

/** Where runtimes listen for the kubelet, as their packages set them up. */
const SOCKETS: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/k3s/containerd/containerd.sock',
];

/** A runtime answers from memory; one that is busy with images may take a while. */
const CALL_MS = 3_000;
/** SANDBOX_READY of the CRI: its processes run and its network stands. */
const READY = 0;

/** Pods as the runtime itself tells them, over its CRI socket. */
export function criSockets(files: NodeFiles): PodSource[] {
  return SOCKETS.map((socket) => ({
    name: `the container runtime at ${socket}`,
    pods: async () => {
      if (!files.has(socket)) return null;
      try {
        return await listPods(files, files.path(socket));
      } catch {
        // Not allowed, or no runtime behind it: others may know.
        return null;
      }
    },
  }));
}

async function listPods(files: NodeFiles, path: string): Promise<PodRecord[]> {
  const { items } = await calling<ListPodSandboxResponse>(path, (runtime, done) =>
    runtime.listPodSandbox({}, new Metadata(), deadline(), done),
  );
  return items.filter(({ state }) => state === READY).map((sandbox) => recordOf(files, path, sandbox));
}

function recordOf(files: NodeFiles, path: string, { id, metadata }: PodSandbox): PodRecord {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    network: async () => {
      const request = { podSandboxId: id, verbose: true };
      const { info } = await calling<PodSandboxStatusResponse>(path, (runtime, done) =>
        runtime.podSandboxStatus(request, new Metadata(), deadline(), done),
      );
      const details = parseJson(info.info ?? '');
      const pid = at(details, 'pid');
      return files.network(networkOf(at(details, 'runtimeSpec')), typeof pid === 'number' ? pid : 0);
    },
  };
}

const deadline = () => ({ deadline: Date.now() + CALL_MS });

/** One call on a connection of its own: pods are looked for a few times a day. */
async function calling<Answer>(
  path: string,
  call: (
    runtime: RuntimeServiceClient,
    done: (error: ServiceError | null, answer: Answer) => void,
  ) => unknown,
): Promise<Answer> {
  const runtime = new RuntimeServiceClient(`unix://${path}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      call(runtime, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
  } finally {
    runtime.close();
  }
}

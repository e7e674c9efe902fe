import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type PodSandboxStatusRequest,
  type RuntimeServiceServer,
  RuntimeServiceService,
} from '@bothends/proto/gen/runtime/v1/runtime';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeFiles } from './node-files.js';
import { podsOfNode } from './node-pods.js';

const UID = '0f6d5b6e-53d2-4a5c-9a83-0c0f8f9a7b11';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bothends-node-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A namespace file as the kernel has them. */
function putNamespace(path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync('/proc/self/ns/net', join(root, path));
}

const found = async () => {
  const { pods, answered } = await podsOfNode(new NodeFiles(root));
  const places = await Promise.all(pods.map(async (pod) => await pod.network()));
  const named = pods.map(({ namespace, name, uid }, i) => ({ namespace, name, uid, network: places[i] }));
  return { answered, pods: named };
};

const place = (path: string) => ({ kind: 'namespace', file: join(root, path) });

describe('the state of a runtime', () => {
  const CONTAINERD = 'run/containerd/io.containerd.runtime.v2.task/k8s.io';
  const annotations = (kind: string) => ({
    'io.kubernetes.cri.container-type': kind,
    'io.kubernetes.cri.sandbox-name': 'web-7f9',
    'io.kubernetes.cri.sandbox-namespace': 'shop',
    'io.kubernetes.cri.sandbox-uid': UID,
  });
  const linux = { namespaces: [{ type: 'ipc' }, { type: 'network', path: '/var/run/netns/cni-1' }] };

  it('of containerd: sandboxes are pods, other containers are theirs', async () => {
    put(`${CONTAINERD}/a/config.json`, JSON.stringify({ annotations: annotations('sandbox'), linux }));
    put(`${CONTAINERD}/b/config.json`, JSON.stringify({ annotations: annotations('container'), linux }));
    put(`${CONTAINERD}/c/config.json`, '{"annotations": ');
    putNamespace('run/netns/cni-1');
    const network = place('run/netns/cni-1');
    expect((await found()).pods).toEqual([{ namespace: 'shop', name: 'web-7f9', uid: UID, network }]);
  });

  it('falls back to the first process where the file is not mounted, and knows what has ended', async () => {
    put(`${CONTAINERD}/a/config.json`, JSON.stringify({ annotations: annotations('sandbox'), linux }));
    // The place of a mount, seen from where the mount is not.
    put('run/netns/cni-1', '');
    expect((await found()).pods[0]?.network).toEqual({ kind: 'ended' });
    put(`${CONTAINERD}/a/init.pid`, '4711');
    putNamespace('proc/4711/ns/net');
    expect((await found()).pods[0]?.network).toEqual(place('proc/4711/ns/net'));
  });

  it('knows a pod in the network of its node', async () => {
    const spec = { annotations: annotations('sandbox'), linux: { namespaces: [{ type: 'pid' }] } };
    put(`${CONTAINERD}/a/config.json`, JSON.stringify(spec));
    expect((await found()).pods[0]?.network).toEqual({ kind: 'of-node' });
  });

  it('of cri-o', async () => {
    const spec = {
      annotations: {
        'io.kubernetes.cri-o.ContainerType': 'sandbox',
        'io.kubernetes.pod.name': 'db-0',
        'io.kubernetes.pod.namespace': 'shop',
        'io.kubernetes.pod.uid': UID,
      },
      linux,
    };
    put('run/containers/storage/overlay-containers/a/userdata/config.json', JSON.stringify(spec));
    putNamespace('run/netns/cni-1');
    const network = place('run/netns/cni-1');
    expect((await found()).pods).toEqual([{ namespace: 'shop', name: 'db-0', uid: UID, network }]);
  });
});

describe('the runtime itself', () => {
  let runtime: Server;
  let info: Record<string, string>;
  beforeEach(async () => {
    info = {};
    const item = (id: string, name: string, state: number) => ({
      id,
      metadata: { name, uid: UID, namespace: 'shop' },
      state,
    });
    const service: RuntimeServiceServer = {
      listPodSandbox: (_call, done) => {
        done(null, { items: [item('a', 'web-7f9', 0), item('b', 'web-7f8', 1)] });
      },
      podSandboxStatus: ({ request }: { request: PodSandboxStatusRequest }, done) => {
        done(null, { info: request.podSandboxId === 'a' && request.verbose ? info : {} });
      },
    };
    runtime = new Server();
    runtime.addService(RuntimeServiceService, service);
    mkdirSync(join(root, 'run/containerd'), { recursive: true });
    await new Promise<void>((resolve, reject) => {
      const address = `unix://${join(root, 'run/containerd/containerd.sock')}`;
      runtime.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  });
  afterEach(() => runtime.forceShutdown());

  it('is asked over its socket: pods that are ready, by the process that holds their network', async () => {
    info.info = JSON.stringify({ pid: 4711, runtimeSpec: { linux: { namespaces: [{ type: 'network' }] } } });
    putNamespace('proc/4711/ns/net');
    const network = place('proc/4711/ns/net');
    expect((await found()).pods).toEqual([{ namespace: 'shop', name: 'web-7f9', uid: UID, network }]);
  });

  it('is believed rather than what processes say of themselves', async () => {
    put('proc/12/cgroup', `0::/kubepods/pod${UID}/x\n`);
    put('proc/12/environ', 'HOSTNAME=liar-0\0');
    expect((await found()).pods.map(({ name }) => name)).toEqual(['web-7f9']);
  });
});

describe('processes, where no runtime can be asked', () => {
  it('belong to a pod by their cgroup, and name it', async () => {
    put('proc/7/cgroup', `0::/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice/cri-1.scope\n`);
    put('proc/7/environ', 'PATH=/bin\0HOSTNAME=web-7f9\0');
    put('proc/7/root/run/secrets/kubernetes.io/serviceaccount/namespace', 'shop');
    putNamespace('proc/7/ns/net');
    put('proc/8/cgroup', '0::/user.slice\n');
    const network = place('proc/7/ns/net');
    expect((await found()).pods).toEqual([{ namespace: 'shop', name: 'web-7f9', uid: UID, network }]);
  });

  it('may be mute, or tell what is no name: such a pod is not known', async () => {
    put('proc/7/cgroup', `0::/kubepods/pod${UID}/x\n`);
    put('proc/7/environ', '');
    // A link out of the container.
    mkdirSync(join(root, 'proc/7/root/etc'), { recursive: true });
    symlinkSync('/etc/hostname', join(root, 'proc/7/root/etc/hostname'));
    expect((await found()).pods).toEqual([]);
    put('proc/7/environ', 'HOSTNAME=../../etc\0');
    expect((await found()).pods).toEqual([]);
  });
});

it('says so where nothing knows of pods', async () => {
  expect(await found()).toEqual({ answered: false, pods: [] });
});

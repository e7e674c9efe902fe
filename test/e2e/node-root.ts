import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where containerd keeps what it knows of a container, by its id. */
const TASKS = 'run/containerd/io.containerd.runtime.v2.task/k8s.io';

/**
 * The root of a node as an agent's container sees it: this machine's own processes and network namespaces, and the state
 * of a containerd that runs pods in the latter.
 */
export class NodeRoot {
  readonly folder = mkdtempSync(join(tmpdir(), 'bothends-node-'));
  #sandboxes = 0;

  constructor() {
    mkdirSync(join(this.folder, TASKS), { recursive: true });
    symlinkSync('/proc', join(this.folder, 'proc'));
    symlinkSync('/run/netns', join(this.folder, 'run/netns'));
  }

  /** A pod whose network is this namespace; null: that of the node itself (hostNetwork). */
  addPod(namespace: string, name: string, network: string | null): void {
    const id = `sandbox-${++this.#sandboxes}`;
    const uid = `8f14e45f-ceea-467f-a8d8-00000000000${this.#sandboxes}`;
    const spec = {
      annotations: {
        'io.kubernetes.cri.container-type': 'sandbox',
        'io.kubernetes.cri.sandbox-name': name,
        'io.kubernetes.cri.sandbox-namespace': namespace,
        'io.kubernetes.cri.sandbox-uid': uid,
      },
      linux: {
        namespaces: [
          { type: 'pid' },
          ...(network ? [{ type: 'network', path: `/var/run/netns/${network}` }] : []),
        ],
      },
    };
    mkdirSync(join(this.folder, TASKS, id));
    writeFileSync(join(this.folder, TASKS, id, 'config.json'), JSON.stringify(spec));
    writeFileSync(join(this.folder, TASKS, id, 'init.pid'), String(process.pid));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

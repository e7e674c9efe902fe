import type { NodeFiles } from './node-files.js';
import type { PodRecord, PodSource } from './pod.js';

/** The part of a cgroup's path that the kubelet names after a pod: …/kubepods-pod0123…_….slice or …/pod0123-…/… */
const POD_UID = /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})/;
/** Below /run or /var/run of every container that is given a service account. */
const NAMESPACE_FILE = 'secrets/kubernetes.io/serviceaccount/namespace';

/**
 * Pods by the processes of the node, where no runtime can be asked: the kernel says of each process which pod it
 * belongs to, by its cgroup; what the pod is called, its containers say themselves.
 */
export function podProcesses(files: NodeFiles): PodSource {
  return {
    name: `the processes in ${files.path('proc')}`,
    pods: async () => {
      const pids = files.list('proc')?.filter((entry) => /^\d+$/.test(entry)) ?? [];
      const pods = new Map<string, PodRecord>();
      for (const pid of pids) {
        const uid = uidOf(files.read('proc', pid, 'cgroup') ?? '');
        const known = uid === null ? undefined : pods.get(uid);
        // The first process of a pod is that which holds its namespaces; it may have no name to tell.
        if (uid !== null && (known === undefined || known.name === ''))
          pods.set(uid, recordOf(files, pid, uid));
      }
      return pods.size === 0 ? null : [...pods.values()].filter(({ name }) => name !== '');
    },
  };
}

function uidOf(cgroup: string): string | null {
  return POD_UID.exec(cgroup)?.[1]?.replaceAll('_', '-') ?? null;
}

function recordOf(files: NodeFiles, pid: string, uid: string): PodRecord {
  const environment = files.read('proc', pid, 'environ') ?? '';
  const told = environment
    .split('\0')
    .find((variable) => variable.startsWith('HOSTNAME='))
    ?.slice('HOSTNAME='.length);
  return {
    uid,
    name: (told ?? files.read('proc', pid, 'root/etc/hostname') ?? '').trim(),
    namespace: namespaceOf(files, pid),
    network: async () => files.network('', Number(pid)),
  };
}

function namespaceOf(files: NodeFiles, pid: string): string {
  const folder = ['root/run', 'root/var/run'].find(
    (run) => files.isFolder('proc', pid, run) && files.has('proc', pid, run, NAMESPACE_FILE),
  );
  return folder === undefined ? '' : (files.read('proc', pid, folder, NAMESPACE_FILE) ?? '').trim();
}

import { networkOf, parseJson, textAt } from './json.js';
import type { NodeFiles } from './node-files.js';
import type { PodRecord, PodSource } from './pod.js';

/** How one runtime writes down its sandboxes: a folder for each container, with the OCI configuration in it. */
interface Layout {
  readonly runtime: string;
  /** Folder with one folder for each container. */
  readonly folder: string;
  /** Between the container's folder and its files. */
  readonly inner: string;
  /** File with the id of its first process. */
  readonly pidFile: string;
  /** Annotations of the configuration: the kind of container, and what it is called. */
  readonly kind: string;
  readonly pod: { readonly name: string; readonly namespace: string; readonly uid: string };
}

const CONTAINERD = {
  inner: '',
  pidFile: 'init.pid',
  kind: 'io.kubernetes.cri.container-type',
  pod: {
    name: 'io.kubernetes.cri.sandbox-name',
    namespace: 'io.kubernetes.cri.sandbox-namespace',
    uid: 'io.kubernetes.cri.sandbox-uid',
  },
};

const LAYOUTS: readonly Layout[] = [
  { runtime: 'containerd', folder: '/run/containerd/io.containerd.runtime.v2.task/k8s.io', ...CONTAINERD },
  { runtime: 'k3s', folder: '/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io', ...CONTAINERD },
  {
    runtime: 'cri-o',
    folder: '/run/containers/storage/overlay-containers',
    inner: 'userdata',
    pidFile: 'pidfile',
    kind: 'io.kubernetes.cri-o.ContainerType',
    pod: {
      name: 'io.kubernetes.pod.name',
      namespace: 'io.kubernetes.pod.namespace',
      uid: 'io.kubernetes.pod.uid',
    },
  },
];

/** Pods by the state that container runtimes keep below /run, for their own restarts. */
export function runtimeStates(files: NodeFiles): PodSource[] {
  return LAYOUTS.map((layout) => ({
    name: `${layout.runtime} (${layout.folder})`,
    pods: async () => files.list(layout.folder)?.flatMap((id) => sandbox(files, layout, id)) ?? null,
  }));
}

function sandbox(files: NodeFiles, layout: Layout, id: string): PodRecord[] {
  const folder = `${layout.folder}/${id}/${layout.inner}`;
  const spec = parseJson(files.read(folder, 'config.json') ?? '');
  const note = (key: string) => textAt(spec, 'annotations', key);
  if (note(layout.kind) !== 'sandbox') return [];
  const pid = Number.parseInt(files.read(folder, layout.pidFile) ?? '', 10) || 0;
  return [
    {
      namespace: note(layout.pod.namespace),
      name: note(layout.pod.name),
      uid: note(layout.pod.uid),
      network: async () => files.network(networkOf(spec), pid),
    },
  ];
}

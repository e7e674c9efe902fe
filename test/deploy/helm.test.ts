import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { REPOSITORY_ROOT } from '../lab/paths.js';

const CHART = join(REPOSITORY_ROOT, 'deploy/helm/bothends');

interface Container {
  name: string;
  securityContext: { readOnlyRootFilesystem: boolean; capabilities: { drop: string[]; add?: string[] } };
  volumeMounts: { name: string }[];
}

interface Manifest {
  kind: string;
  metadata: { name: string; namespace: string };
  spec: {
    selector: { matchLabels: object };
    template: {
      metadata: { labels: object };
      spec: {
        containers: Container[];
        initContainers?: Container[];
        volumes: { name: string }[];
        securityContext: { runAsNonRoot: boolean };
      };
    };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

/** What `helm template` makes: these templates have values and conditions in them, and nothing else. */
function render(pods = false): Manifest[] {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  values.agent.pods = pods;
  const names = { Values: values, Release: { Name: 'be', Namespace: 'net' } };
  return readdirSync(join(CHART, 'templates')).flatMap((file) => {
    const template = readFileSync(join(CHART, 'templates', file), 'utf8');
    const text = conditions(template, names).replace(/\{\{ \.([\w.]+) \}\}/g, (_, path: string) =>
      lookUp(names, path),
    );
    expect(text, `${file} has only plain values in it`).not.toContain('{{');
    return parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    });
  });
}

/** Lines `{{- if .A }}`, `{{- else }}` and `{{- end }}`, not nested, each without the line before. */
function conditions(template: string, names: unknown): string {
  const block = /\n *\{\{- if \.([\w.]+) \}\}(.*?)(?:\n *\{\{- else \}\}(.*?))?\n *\{\{- end \}\}/gs;
  return template.replace(block, (_, path: string, then: string, otherwise = '') =>
    valueAt(names, path) ? then : otherwise,
  );
}

function valueAt(names: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], names);
}

function lookUp(names: unknown, path: string): string {
  const value = valueAt(names, path);
  if (typeof value !== 'string') throw new Error(`values.yaml has no ${path}`);
  return value;
}

const workloads = (pods = false) =>
  render(pods).filter(({ kind }) => kind === 'DaemonSet' || kind === 'StatefulSet');

it('renders an agent for each node and one coordinator', () => {
  const made = render().map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
  expect(made.sort()).toEqual([
    'ConfigMap net/be-policy',
    'DaemonSet net/be-agent',
    'Service net/be-coordinator',
    'StatefulSet net/be-coordinator',
  ]);
});

it.each([false, true])('makes what the schemas of Kubernetes allow (pods: %s)', (pods) => {
  // Each takes what is declared valid already; here that is the question.
  type Model = new (data: never) => { validate(): void };
  const models: Record<string, Model> = { ConfigMap, DaemonSet, Service, StatefulSet };
  for (const manifest of render(pods)) {
    const model = models[manifest.kind];
    if (model === undefined) throw new Error(`no schema for ${manifest.kind}`);
    expect(() => new model(manifest as never).validate(), manifest.kind).not.toThrow();
  }
});

it('runs nothing as root but the one that gives the folder away, and takes every right but the needed one', () => {
  for (const { spec } of workloads()) {
    const { containers, initContainers = [], securityContext } = spec.template.spec;
    expect(securityContext.runAsNonRoot).toBe(true);
    for (const container of [...containers, ...initContainers]) {
      const { capabilities, readOnlyRootFilesystem } = container.securityContext;
      expect(readOnlyRootFilesystem).toBe(true);
      expect(capabilities.drop).toEqual(['ALL']);
      const needed = { agent: ['NET_RAW'], folder: ['CHOWN'] }[container.name];
      expect(capabilities.add, container.name).toEqual(needed);
    }
  }
});

it('selects its own pods and mounts only volumes that it has', () => {
  for (const { spec } of workloads()) {
    const { containers, initContainers = [], volumes } = spec.template.spec;
    expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
    const claims = spec.volumeClaimTemplates?.map(({ metadata }) => metadata) ?? [];
    const known = [...volumes, ...claims].map(({ name }) => name);
    const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts }) =>
      volumeMounts.map(({ name }) => name),
    );
    expect(known).toEqual(expect.arrayContaining(mounted));
  }
});

it('enters pods only where the chart is told to, and then with the node’s processes and files in sight', () => {
  const agentOf = (pods: boolean) =>
    workloads(pods).find(({ kind }) => kind === 'DaemonSet')?.spec.template.spec;
  const [without, withPods] = [agentOf(false), agentOf(true)];
  expect(without).not.toHaveProperty('hostPID');
  expect(without?.containers[0]).not.toHaveProperty('args');
  expect(withPods).toHaveProperty('hostPID', true);
  const [agent] = withPods?.containers ?? [];
  expect(agent).toHaveProperty('args', ['--pods', '--user', 'bothends', '--host-root', '/host']);
  expect(agent?.securityContext.capabilities.add).toContain('SYS_ADMIN');
  expect(agent?.volumeMounts).toContainEqual(expect.objectContaining({ mountPath: '/host', readOnly: true }));
  expect(withPods?.volumes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(agent?.volumeMounts.map(({ name }) => name) ?? []),
  );
});

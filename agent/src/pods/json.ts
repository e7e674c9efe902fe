/** Reads what another program wrote: nothing in it is where it should be until it was looked at. */

/** The value below these keys; undefined where one is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** A string, '' for anything else. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * File of the network namespace that an OCI runtime configuration (config.json) names; '' for one that was made with the
 * container, null where the container is in the network of whoever started it.
 */
export function networkOf(ociSpec: unknown): string | null {
  const namespaces = at(ociSpec, 'linux', 'namespaces');
  const network = Array.isArray(namespaces)
    ? namespaces.find((each) => textAt(each, 'type') === 'network')
    : undefined;
  return network === undefined ? null : textAt(network, 'path');
}

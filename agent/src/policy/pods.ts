import type { PodReference } from '@bothends/proto';

/** `NAMESPACE/NAME` in the letters of such names, and `*`. */
export function isPodPattern(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9*-]{1,63}\/[a-z0-9.*-]{1,253}$/.test(value);
}

/** Whether one of the patterns fits the pod; one whose namespace is not known is fitted by the namespace `*` only. */
export function allowsPod(patterns: readonly string[], { namespace, name }: PodReference): boolean {
  return patterns.some((pattern) => {
    const [ofNamespace = '', ofName = ''] = pattern.split('/');
    return fits(ofNamespace, namespace) && fits(ofName, name);
  });
}

function fits(pattern: string, text: string): boolean {
  // All but the stars stand for themselves; a pattern has no other characters to escape than the dot.
  const expression = pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*');
  return new RegExp(`^${expression}$`).test(text);
}

/** The rule as refusals name it. */
export function podsRule(patterns: readonly string[]): string {
  return `pods: ${patterns.length === 0 ? 'none' : patterns.join(', ')}`;
}

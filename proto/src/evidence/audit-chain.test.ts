import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { AuditChain, type AuditLine, auditHash } from './audit-chain.js';

type Entry = AuditLine & { hash: Buffer };

function line(number: bigint, change: Partial<AuditLine> = {}): AuditLine {
  return {
    number,
    atNs: 7n,
    actor: 'a',
    action: 'capture',
    subject: 's',
    outcome: 'done',
    detail: '',
    ...change,
  };
}

function log(length: number): Entry[] {
  const entries: Entry[] = [];
  for (let n = 1; n <= length; n++) {
    const written = line(BigInt(n));
    entries.push({ ...written, hash: auditHash(entries.at(-1)?.hash ?? null, written) });
  }
  return entries;
}

function check(entries: readonly Entry[]) {
  const chain = new AuditChain();
  for (const entry of entries) chain.add(entry);
  return chain.result();
}

/** Five entries with one thing done to them. */
function tampered(change: (entries: Entry[]) => void) {
  const entries = log(5);
  change(entries);
  return check(entries);
}

it('hashes what anybody can hash', () => {
  const text = '["1","7","a","capture","s","done",""]';
  expect(auditHash(null, line(1n))).toEqual(createHash('sha256').update(text).digest());
});

it('takes a log that is as it was written', () => {
  expect(check(log(5))).toMatchObject({ whole: true, entries: 5, head: log(5)[4]?.hash });
  expect(check([])).toEqual({ whole: true, entries: 0, head: null });
});

it('names the first entry that is not', () => {
  const [, , third] = log(5);
  if (third === undefined) throw new Error('five entries have a third');
  const changed = { ...third, actor: 'somebody else' };
  expect(tampered((entries) => entries.splice(2, 1, changed))).toMatchObject({ whole: false, number: 3n });
  // With a hash made to fit, the next one no longer does.
  const refitted = { ...changed, hash: auditHash(log(2)[1]?.hash ?? null, changed) };
  expect(tampered((entries) => entries.splice(2, 1, refitted))).toMatchObject({ whole: false, number: 4n });
  expect(tampered((entries) => entries.splice(1, 1))).toMatchObject({
    whole: false,
    reason: 'number 2 is missing before it',
  });
  expect(tampered((entries) => entries.reverse())).toMatchObject({ whole: false, number: 5n });
  const bare = { ...third, hash: Buffer.alloc(0) };
  expect(tampered((entries) => entries.splice(2, 1, bare))).toMatchObject({
    whole: false,
    reason: 'its hash was taken away',
  });
});

it('takes entries of a version without hashes before the first that has one', () => {
  const old: Entry = { ...line(1n), hash: Buffer.alloc(0) };
  const next = line(2n);
  expect(check([old, { ...next, hash: auditHash(null, next) }])).toMatchObject({ whole: true, entries: 2 });
});

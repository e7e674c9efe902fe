import { formatInstant } from '@bothends/proto';
import type { User } from '@bothends/proto/gen/bothends/v1/bothends';

const HEAD = ['NAME', 'ROLE', 'SINCE', 'EXPIRES', 'STATE'];

/** One line a user, in the order of the list. */
export function userTable(users: readonly User[]): string {
  const rows = users.map(({ name, role, createdNs, expiresNs, revokedNs }) => [
    name,
    role,
    day(createdNs),
    day(expiresNs),
    revokedNs === 0n ? 'valid' : `revoked ${day(revokedNs)}`,
  ]);
  return columns([HEAD, ...rows]);
}

/** Cells under each other, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

function day(atNs: bigint): string {
  return formatInstant(atNs).slice(0, 10);
}

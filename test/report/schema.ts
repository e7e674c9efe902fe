import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '@bothends/proto';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

let validate: ValidateFunction | undefined;

/** What of a report the published schema does not allow, as `place: what`; empty when nothing. */
export function schemaFaults(report: unknown): string[] {
  validate ??= compiled();
  validate(report);
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || 'report'}: ${message}`,
  );
}

/** The report, when the published schema allows it; throws with what it does not allow. */
export function asPublished(report: Report): Report {
  const faults = schemaFaults(report);
  if (faults.length === 0) return report;
  throw new TypeError(`a report that docs/report-schema.json does not allow:\n${faults.join('\n')}`);
}

function compiled(): ValidateFunction {
  const text = readFileSync(join(REPOSITORY_ROOT, 'docs/report-schema.json'), 'utf8');
  return new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(text));
}

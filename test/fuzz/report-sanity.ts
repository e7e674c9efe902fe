import { GRADES, type Report, VERDICT_CODES } from '@bothends/proto';
import { insist } from './target.js';

/** What holds of every report, whatever the evidence was. */
export function expectSaneReport(report: Report): void {
  const { flows, findings, headline } = report;
  insist(headline.length > 0, 'a report has a headline');
  const flowIds = new Set(flows.map(({ id }) => id));
  const findingIds = new Set(findings.map(({ id }) => id));
  insist(flowIds.size === flows.length, 'ids of flows are unique');
  insist(findingIds.size === findings.length, 'ids of findings are unique');
  for (const { id, packets, findings: own } of flows) {
    const { clientTap, serverTap, matched } = packets;
    const counts = Object.values(packets);
    insist(
      counts.every((n) => Number.isInteger(n) && n >= 0),
      `counts of ${id} are numbers: ${counts}`,
    );
    // One super-packet of a segmenting network card matches many packets, but never none.
    insist(matched <= clientTap + serverTap, `${id} has no more matches than packets`);
    insist(matched === 0 || (clientTap > 0 && serverTap > 0), `${id} was matched with something`);
    insist(
      own.every((finding) => findingIds.has(finding)),
      `${id} names findings that there are`,
    );
  }
  for (const { id, code, grade, flow, statement, consequenceOf } of findings) {
    insist(VERDICT_CODES.includes(code), `${id} has a verdict code, not ${code}`);
    insist(GRADES.includes(grade), `${id} has a grade, not ${grade}`);
    insist(flow === null || flowIds.has(flow), `${id} is about a flow that there is`);
    insist(
      consequenceOf === null || findingIds.has(consequenceOf),
      `${id} follows from a finding that there is`,
    );
    insist(statement.length > 0, `${id} says something`);
  }
  const text = JSON.stringify(report);
  for (const slip of ['NaN', 'Infinity', 'undefined', '[object'])
    insist(!text.includes(slip), `no "${slip}" in a report`);
}

import type { Database } from 'better-sqlite3';
import type { Capture } from '../../captures/capture.js';
import { fromJson, toJson } from './codec.js';
import type { SyncVerbs } from './sync-verbs.js';

type Verbs = Pick<SyncVerbs, 'saveCapture' | 'captures' | 'deleteCapture' | 'saveReport' | 'report'>;

export function captureVerbs(database: Database): Verbs {
  const put = database.prepare(
    `INSERT INTO capture (id, requested_ns, document) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
  );
  const putTap = database.prepare(
    `INSERT INTO tap (id, number, capture_id) VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM tap), ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const all = database.prepare<[], { document: string }>(
    'SELECT document FROM capture ORDER BY requested_ns, id',
  );
  const remove = database.prepare('DELETE FROM capture WHERE id = ?');
  const putReport = database.prepare(
    `INSERT INTO report (capture_id, json) VALUES (?, ?)
     ON CONFLICT (capture_id) DO UPDATE SET json = excluded.json`,
  );
  const report = database.prepare<[string], { json: string }>('SELECT json FROM report WHERE capture_id = ?');

  const save = database.transaction((capture: Capture) => {
    put.run(capture.id, capture.requestedNs, toJson(capture));
    for (const tap of capture.taps) putTap.run(tap.id, capture.id);
  });

  return {
    saveCapture: (capture) => save.immediate(capture),
    captures: () => all.all().map((row) => fromJson(row.document) as Capture),
    deleteCapture: (id) => {
      remove.run(id);
    },
    saveReport: (captureId, json) => {
      putReport.run(captureId, json);
    },
    report: (captureId) => report.get(captureId)?.json ?? null,
  };
}

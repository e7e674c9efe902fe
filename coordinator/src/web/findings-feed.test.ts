import type { Finding } from '@bothends/proto';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Analysis, Analyst } from '../analysis/analysis.js';
import type { Capture } from '../captures/capture.js';
import { type FeedListeners, watchedAnalyst } from './findings-feed.js';

/** An analysis that says what it is told to, one piece of news after the other. */
function analystSaying(news: readonly (readonly Partial<Finding>[])[]): Analyst {
  const waiting = [...news];
  const analysis: Analysis = {
    feed: async () => false,
    finish: async () => {},
    news: async () => {
      const findings = waiting.shift();
      if (findings === undefined) return null;
      return { headline: '', findings: findings.map((each) => JSON.stringify(each)), faulty: true };
    },
    report: async () => ({ json: '', headline: '' }),
    history: () => Promise.reject(new Error('not of this test')),
    close: () => {},
  };
  const none = () => {
    throw new Error('not of this test');
  };
  return { analyse: () => analysis, analyseFlow: none, close: async () => {} };
}

async function told(news: readonly (readonly Partial<Finding>[])[], fails = false): Promise<string[]> {
  const heard: string[] = [];
  const listeners: FeedListeners = {
    finding: (_, { id, grade }, isNew) => {
      heard.push(`${id} ${grade}${isNew ? ' new' : ''}`);
      if (fails) throw new Error('a listener that breaks');
    },
    gaps: () => {},
    untracked: () => {},
  };
  const analyst = watchedAnalyst(analystSaying(news), listeners, pino({ level: 'silent' }));
  const analysis = analyst.analyse({ id: 'c-1' } as Capture);
  for (const each of news) expect((await analysis.news())?.findings).toHaveLength(each.length);
  expect(await analysis.news()).toBeNull();
  return heard;
}

const x1 = { id: 'x1', code: 'rst-forged', grade: 'likely' } as const;
const x2 = { id: 'x2', code: 'syn-lost', grade: 'proven' } as const;

test('a finding is told once, and again when its grade changes; other words are no news', async () => {
  const news = [
    [x1],
    [x1, x2],
    [{ ...x1, statement: 'in other words' }, x2],
    [{ ...x1, grade: 'proven' as const }, x2],
  ];
  expect(await told(news)).toEqual(['x1 likely new', 'x2 proven new', 'x1 proven']);
});

test('one that goes and comes back is not new', async () => {
  expect(await told([[x1], [], [x1]])).toEqual(['x1 likely new']);
});

test('a listener that breaks takes nothing from the capture', async () => {
  expect(await told([[x1], [x2]], true)).toEqual(['x1 likely new', 'x2 proven new']);
});

export { type FindingGroup, type Outcome, outcomeOf, type Page, pageOf } from '@bothends/proto/report/page';

export * from '@bothends/proto/report/words';

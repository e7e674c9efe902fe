/*
 * Records and the lists that hold them: Records, FlowStore, FlowRows and Retired of coordinator/src/engine/flows, as far as
 * a train needs them.
 */
#ifndef BOTHENDS_RECORDS_H
#define BOTHENDS_RECORDS_H

#include "columns.h"

static uint32_t sack_digest(const Table *table, uint32_t i) {
  uint32_t digest = 0;
  for (uint32_t k = 0; k < 2u * table->sackCount[i] && k < 8; k++) digest = digest * 31 + table->sack[8 * i + k];
  return digest;
}

/* Records.allocate and place, where there is room. */
static int32_t allocate(Train *t) {
  const Records *r = t->records;
  const Table *from = t->table;
  double *call = t->call;
  uint32_t i = t->i;
  int32_t c = (int32_t)call[FREE_HEAD];
  if (c >= 0) call[FREE_HEAD] = r->nextWaiting[c];
  else c = (int32_t)call[EXTENT]++;
  call[LIVE]++;
  r->peer[c] = -1, r->holds[c] = 0, r->covered[c] = 0, r->gap[c] = 0;
  r->state[c] = 0;
  r->flow[c] = t->number_of_flow, r->direction[c] = (uint8_t)t->direction, r->tap[c] = (uint8_t)t->near;
  r->number[c] = t->number, r->time[c] = t->time;
  r->length[c] = from->payloadLength[i], r->ipLength[c] = from->ipLength[i];
  r->ipVersion[c] = from->ipVersion[i], r->ipFlags[c] = from->ipFlags[i], r->ipId[c] = t->id;
  r->ttl[c] = from->ttl[i], r->tos[c] = from->tos[i];
  r->flowLabel[c] = from->ipVersion[i] == 6 ? from->flowLabel[i] : 0;
  r->digestHigh[c] = from->digestHigh[i], r->digestLow[c] = from->digestLow[i];
  r->digestLength[c] = from->digestLength[i];
  r->checksum[c] = from->checksum[i], r->cut[c] = from->marks[i] & CUT;
  r->packetType[c] = from->packetType[i], r->ifindex[c] = from->ifindex[i];
  r->sourceMac[c] = from->sourceMac[i], r->destinationMac[c] = from->destinationMac[i];
  r->sequence[c] = from->sequence[i], r->acknowledgment[c] = from->acknowledgment[i];
  r->flags[c] = from->tcpFlags[i], r->window[c] = from->window[i], r->options[c] = from->tcpOptions[i];
  r->timestampValue[c] = t->stamp;
  r->timestampEcho[c] = from->tcpOptions[i] & TIMESTAMPS ? from->timestampEcho[i] : 0;
  r->sackCount[c] = from->sackCount[i];
  r->sackDigest[c] = sack_digest(from, i);
  r->tlsRecord[c] = from->tlsRecord[i], r->dnsFlags[c] = from->dnsFlags[i], r->dnsType[c] = from->dnsType[i];
  r->httpKind[c] = from->httpKind[i];
  if ((from->tlsRecord[i] | from->dnsFlags[i] | from->dnsType[i] | from->httpKind[i]) == 0) return c;
  r->tlsHandshake[c] = from->tlsHandshake[i], r->tlsAlertLevel[c] = from->tlsAlertLevel[i];
  r->tlsAlert[c] = from->tlsAlert[i], r->dnsId[c] = from->dnsId[i], r->nameLow[c] = from->nameLow[i];
  r->httpStatus[c] = from->httpStatus[i], r->httpLength[c] = from->httpLength[i];
  r->httpHeadLength[c] = from->httpHeadLength[i];
  return c;
}

/* Records.release */
static void release(Train *t, int32_t c) {
  const Records *r = t->records;
  r->state[c] = 0;
  r->flow[c] = -1;
  r->nextWaiting[c] = (int32_t)t->call[FREE_HEAD];
  t->call[FREE_HEAD] = c;
  t->call[LIVE]--;
}

/* FlowStore.settle and Retired.add */
static void settle(Train *t, int32_t c) {
  const Records *r = t->records;
  const Numbers *is = t->is;
  uint32_t state = r->state[c];
  if (!(state & is->matched) || state & (is->notable | is->retired) || r->holds[c] > 0) return;
  r->state[c] = (uint16_t)(state | is->retired);
  int32_t *place = &t->engine->retired[(uint64_t)++t->call[CAME] & t->engine->retired_mask];
  int32_t forgotten = *place;
  *place = c;
  if (forgotten >= 0) release(t, forgotten);
}

/* FlowStore.remember */
static void remember(Train *t, int32_t c) {
  const Numbers *is = t->is;
  double *next = &t->flow[t->near == 0 ? is->RECENT_NEXT_0 : is->RECENT_NEXT_1];
  double *place = &t->flow[(t->near == 0 ? is->RECENT_0 : is->RECENT_1) + (int)*next];
  int32_t oldest = (int32_t)*place;
  *next = ((int)*next + 1) & (is->RECENT - 1);
  *place = c;
  t->records->holds[c]++;
  if (oldest < 0) return;
  t->records->holds[oldest]--;
  settle(t, oldest);
}

/* FlowRows.wait */
static void wait(Train *t, int32_t c) {
  const Records *r = t->records;
  const Numbers *is = t->is;
  double *side = t->side;
  int32_t tail = (int32_t)side[is->TAIL];
  r->previousWaiting[c] = tail;
  r->nextWaiting[c] = -1;
  if (tail >= 0) r->nextWaiting[tail] = c;
  else side[is->HEAD] = c;
  side[is->TAIL] = c;
  side[is->WAITING]++;
  if (side[is->CURSOR] < 0) side[is->CURSOR] = c;
  if (side[is->UNINDEXED] < 0) side[is->UNINDEXED] = c;
}

/* FlowRows.unwait, of the other tap's side */
static void unwait(Train *t, int32_t c) {
  const Records *r = t->records;
  const Numbers *is = t->is;
  double *far = t->far;
  int32_t before = r->previousWaiting[c], after = r->nextWaiting[c];
  if (before >= 0) r->nextWaiting[before] = after;
  else far[is->HEAD] = after;
  if (after >= 0) r->previousWaiting[after] = before;
  else far[is->TAIL] = before;
  far[is->WAITING]--;
  if (far[is->CURSOR] == c) far[is->CURSOR] = after;
  if (far[is->UNINDEXED] == c) far[is->UNINDEXED] = after;
}

#endif

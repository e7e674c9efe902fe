/*
 * Finds a waiting record by identity: WaitingIndex and Identity of coordinator/src/engine/match, for a flow whose path leaves
 * all as it is. The chains are those of the engine, so hashes are the same to the bit.
 */
#ifndef BOTHENDS_WAITING_H
#define BOTHENDS_WAITING_H

#include "columns.h"

/* Identity.discriminator, where the path keeps ids and time stamps. */
static inline uint32_t discriminator(uint32_t id, uint32_t stamp) { return id != 0 ? id | 0x10000 : stamp; }

static inline uint32_t mix(uint32_t h, uint32_t k) {
  uint32_t x = k * 0xcc9e2d51;
  x = x << 15 | x >> 17;
  uint32_t y = h ^ x * 0x1b873593;
  y = y << 13 | y >> 19;
  return y * 5 + 0xe6546b64;
}

/* Identity.hash, of TCP. */
static inline uint32_t sending_hash(uint32_t flow, uint32_t direction, uint32_t sequence, uint32_t acknowledgment,
                                    uint32_t length, uint32_t control, uint32_t discriminator) {
  uint32_t h = mix((flow * 2 + direction + 1) * 0x9e3779b1, sequence);
  h = mix(mix(h, length | control << 24), discriminator);
  if (length == 0) h = mix(h, acknowledgment);
  return h ^ h >> 15;
}

static uint32_t hash_of_row(const Train *t) {
  const Table *table = t->table;
  uint32_t i = t->i;
  return sending_hash((uint32_t)t->number_of_flow, (uint32_t)t->direction, table->sequence[i],
                      table->acknowledgment[i], table->payloadLength[i], 0, discriminator(t->id, t->stamp));
}

static uint32_t hash_of_waiting(const Train *t, int32_t c) {
  const Records *r = t->records;
  return sending_hash((uint32_t)r->flow[c], r->direction[c], r->sequence[c], r->acknowledgment[c], r->length[c],
                      r->flags[c] & (uint32_t)t->is->CONTROL, discriminator(r->ipId[c], r->timestampValue[c]));
}

/* Identity.isTwin, of the row in hand. */
static int is_same_sending(const Train *t, int32_t c) {
  const Table *table = t->table;
  const Records *r = t->records;
  uint32_t i = t->i, length = table->payloadLength[i], stamp = r->timestampValue[c];
  if (r->sequence[c] != table->sequence[i] || r->length[c] != length || r->flow[c] != t->number_of_flow ||
      r->direction[c] != t->direction || (r->flags[c] & t->is->CONTROL) != 0 ||
      discriminator(r->ipId[c], stamp) != discriminator(t->id, t->stamp) ||
      (stamp != t->stamp && stamp != 0 && t->stamp != 0))
    return 0;
  if (length > 0) return 1;
  return r->acknowledgment[c] == table->acknowledgment[i] && (r->window[c] == table->window[i] || t->id != 0) &&
         ((table->marks[i] & CUT) + r->cut[c] > 0 ||
          (r->sackCount[c] == table->sackCount[i] && r->sackDigest[c] == sack_digest(table, i)));
}

static int32_t *bucket_of(const Train *t, uint32_t h) { return &t->engine->buckets[h & t->engine->bucket_mask]; }

/* WaitingIndex.fill, of the other tap's side; 0 where there are too few buckets, and the rest is still to be filled in. */
static int fill(Train *t) {
  const Records *r = t->records;
  double *unindexed = &t->far[t->is->UNINDEXED];
  for (int32_t c = (int32_t)*unindexed; c >= 0; c = r->nextWaiting[c]) {
    if (t->call[INDEXED] > t->engine->bucket_mask) {
      *unindexed = c;
      return 0;
    }
    uint32_t h = hash_of_waiting(t, c);
    int32_t *bucket = bucket_of(t, h);
    r->hash[c] = (int32_t)h;
    r->nextInBucket[c] = *bucket;
    *bucket = c;
    r->state[c] |= (uint16_t)t->is->indexed;
    t->call[INDEXED]++;
  }
  *unindexed = -1;
  return 1;
}

/* WaitingIndex.remove */
static void take_from_index(Train *t, int32_t c) {
  const Records *r = t->records;
  if ((r->state[c] & t->is->indexed) == 0) return;
  r->state[c] &= (uint16_t)~t->is->indexed;
  t->call[INDEXED]--;
  int32_t *at = bucket_of(t, (uint32_t)r->hash[c]);
  while (*at != c) at = &r->nextInBucket[*at];
  *at = r->nextInBucket[c];
}

/* WaitingIndex.twinInTurn */
static int32_t twin_in_turn(const Train *t) {
  const Records *r = t->records;
  const Numbers *is = t->is;
  uint32_t h = hash_of_row(t);
  double last = t->way[t->near == 0 ? is->TOP_NUMBER_1 : is->TOP_NUMBER_0];
  int32_t found = -1;
  int steps = 0;
  for (int32_t c = *bucket_of(t, h); c >= 0 && steps < is->CHAIN_LIMIT; c = r->nextInBucket[c], steps++) {
    if (r->hash[c] != (int32_t)h || r->tap[c] == t->near || r->state[c] & is->matched || !is_same_sending(t, c)) continue;
    if (found < 0 || r->number[c] > last || r->number[found] <= last) found = c;
  }
  return found;
}

#endif

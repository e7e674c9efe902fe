/*
 * Whose a row is: FlowTable.find of coordinator/src/engine/flows/flow-table.ts. And what is kept of the flows whose turn comes
 * soon, fetched into the processor's cache before: of a hundred thousand that are open none is there any more when its next
 * packet comes, and to wait for some fourteen lines of memory one after the other takes longer than all else.
 */
#ifndef BOTHENDS_FLOW_TABLE_H
#define BOTHENDS_FLOW_TABLE_H

#include "columns.h"

enum { KEY_LENGTH = 10, MAPPED_PREFIX = 0xffff };

static inline int is_same_address(const uint32_t *a, const uint32_t *b, int mapped) {
  return a[3] == b[3] && (mapped || (a[2] == b[2] && a[1] == b[1] && a[0] == b[0]));
}

static int is_mapped(const uint32_t *address) {
  return address[2] == MAPPED_PREFIX && address[1] == 0 && address[0] == 0;
}

/* What is likely to differ where the flow in a slot of the cache is another one. */
static uint32_t tag_of(const Table *t, uint32_t i) {
  const uint32_t *source = t->source + 4 * (size_t)i, *destination = t->destination + 4 * (size_t)i;
  return ((uint32_t)t->sourcePort[i] + t->destinationPort[i]) ^ source[3] ^ destination[3];
}

/* FlowTable.isOf */
static int is_of(const Engine *e, const Table *t, uint32_t i, int32_t flow, int *direction) {
  const uint32_t *source = t->source + 4 * (size_t)i, *destination = t->destination + 4 * (size_t)i;
  uint32_t from = t->sourcePort[i], to = t->destinationPort[i];
  const uint32_t *key = e->keys + (size_t)flow * e->is.KEY_WORDS, ports = key[8], kind = key[9];
  if ((kind & 0xff) != t->protocol[i]) return 0;
  int mapped = (kind & e->is.MAPPED) && t->ipVersion[i] == 4;
  *direction = 0;
  if (ports == (from << 16 | to) && is_same_address(key, source, mapped) && is_same_address(key + 4, destination, mapped))
    return 1;
  *direction = 1;
  return ports == (to << 16 | from) && is_same_address(key, destination, mapped) && is_same_address(key + 4, source, mapped);
}

/* isAfter: source and its port sort after the destination and its. */
static int is_after(const uint32_t *source, const uint32_t *destination, uint32_t from, uint32_t to) {
  for (int k = 3; k >= 0; k--)
    if (source[k] != destination[k]) return source[k] > destination[k];
  return from > to;
}

/* hashKey */
static uint32_t hash_of(const uint32_t *key) {
  uint32_t h = 0x9747b28c;
  for (int i = 0; i < KEY_LENGTH; i++) {
    uint32_t k = key[i] * 0xcc9e2d51;
    h ^= (k << 15 | k >> 17) * 0x1b873593;
    h = (h << 13 | h >> 19) * 5 + 0xe6546b64;
  }
  h = (h ^ h >> 16) * 0x85ebca6b;
  return h ^ h >> 13;
}

/* The slot where a look for the flow of a row begins, and the direction in which it goes. */
static uint32_t slot_of(const Engine *e, const Table *t, uint32_t i, int *direction) {
  const uint32_t *source = t->source + 4 * (size_t)i, *destination = t->destination + 4 * (size_t)i;
  uint32_t from = t->sourcePort[i], to = t->destinationPort[i], key[KEY_LENGTH];
  int back = is_after(source, destination, from, to);
  for (int k = 0; k < 4; k++) key[k] = back ? destination[k] : source[k], key[4 + k] = back ? source[k] : destination[k];
  key[8] = back ? to << 16 | from : from << 16 | to;
  key[9] = t->protocol[i] | (is_mapped(source) && is_mapped(destination) ? (uint32_t)e->is.MAPPED : 0);
  *direction = back;
  return hash_of(key) & e->slot_mask;
}

/* FlowTable.find; -1 where the flow is new. */
static int32_t find(const Engine *e, const Table *t, uint32_t i, int *direction) {
  uint32_t tag = tag_of(t, i);
  int32_t *cached = &e->cache[tag & e->cache_mask], *tagged = &e->tags[tag & e->cache_mask], flow;
  if (*cached >= 0 && *tagged == (int32_t)tag && is_of(e, t, i, *cached, direction)) return *cached;
  for (uint32_t slot = slot_of(e, t, i, direction); (flow = e->slots[slot]) >= 0; slot = (slot + 1) & e->slot_mask) {
    if (!is_of(e, t, i, flow, direction)) continue;
    *cached = flow, *tagged = (int32_t)tag;
    return flow;
  }
  return -1;
}

/* ---- fetching ahead ---- */

/* Rows that are seen to at a time: as many misses as a processor waits for at once, and a few more. */
enum { AHEAD_ROWS = 16, LINE_WORDS = 8 };

/* Words `from` to `to` of a row of a flow. */
static inline void fetch(const double *row, int from, int to) {
  for (int word = from; word <= to; word += LINE_WORDS) __builtin_prefetch(row + word, 1);
  __builtin_prefetch(row + to, 1);
}

/* What a segment of a train touches of the rows of its flow. */
static void fetch_rows(const Engine *e, const double *flow, int direction, int near) {
  const Numbers *is = &e->is;
  const double *ways = flow + is->DIRECTIONS_FROM, *sides = flow + is->SIDES_FROM;
  fetch(flow, 0, is->RECENT_1 + is->RECENT - 1);
  fetch(flow, is->PUT_AWAY, is->PUT_AWAY);
  fetch(ways + direction * is->DIRECTION_WORDS, 0, is->TOP_TIME_1);
  fetch(ways + (1 - direction) * is->DIRECTION_WORDS, 0, 0);
  for (int tap = 0; tap < 2; tap++) {
    fetch(sides + (2 * direction + tap) * is->SIDE_WORDS, 0, tap == near ? is->OUTGOING : is->SEQ_END);
    fetch(sides + (2 * (1 - direction) + tap) * is->SIDE_WORDS, 0, tap == near ? is->DATA_TIME : 0);
  }
}

/* The record that the next one to be remembered takes the place of. */
static void fetch_oldest(const Engine *e, const double *flow, int near) {
  const Numbers *is = &e->is;
  int32_t oldest = (int32_t)flow[(near ? is->RECENT_1 : is->RECENT_0) + (int)flow[near ? is->RECENT_NEXT_1 : is->RECENT_NEXT_0]];
  if (oldest < 0) return;
  __builtin_prefetch(&e->records.holds[oldest], 1);
  __builtin_prefetch(&e->records.state[oldest], 1);
}

/*
 * Fetches what the rows from place `first` on, AHEAD_ROWS of them, will look at, in steps of which each needs what the one before
 * has fetched. A flow in the cache of recent tuples had a packet a moment ago.
 */
static void fetch_ahead(const Engine *e, const Table *t, const uint32_t *order, uint32_t first, int near) {
  const double *flows[AHEAD_ROWS];
  int32_t of[AHEAD_ROWS];
  uint32_t slots[AHEAD_ROWS], last = UINT32_MAX;
  int directions[AHEAD_ROWS], rows = 0, known = 0;
  uint32_t end = first + AHEAD_ROWS < (uint32_t)e->call[END] ? first + AHEAD_ROWS : (uint32_t)e->call[END];
  for (uint32_t k = first; k < end; k++) {
    uint32_t i = order ? order[k] : k;
    if (i >= t->capacity) break;
    int follows = i == last + 1 && (t->seen[i] & FOLLOWS) != 0;
    last = i;
    uint32_t tag = tag_of(t, i);
    if (follows || e->tags[tag & e->cache_mask] == (int32_t)tag) continue;
    slots[rows] = slot_of(e, t, i, &directions[rows]);
    __builtin_prefetch(&e->slots[slots[rows++]]);
  }
  for (int k = 0; k < rows; k++) {
    of[k] = e->slots[slots[k]];
    if (of[k] < 0 || (uint32_t)of[k] >= e->linked_flows) continue;
    __builtin_prefetch(&e->links[(size_t)of[k] * e->is.LINK_WORDS]);
    __builtin_prefetch(&e->keys[(size_t)of[k] * e->is.KEY_WORDS]);
    __builtin_prefetch(&e->keys[(size_t)of[k] * e->is.KEY_WORDS + KEY_LENGTH - 1]);
  }
  for (int k = 0; k < rows; k++) {
    if (of[k] < 0 || (uint32_t)of[k] >= e->linked_flows) continue;
    int32_t place = e->links[(size_t)of[k] * e->is.LINK_WORDS + e->is.place];
    if (place < 0) continue;
    flows[known] = e->rows + (size_t)place * e->is.PLACE_WORDS;
    fetch_rows(e, flows[known++], directions[k], near);
  }
  for (int k = 0; k < known; k++) fetch_oldest(e, flows[k], near);
}

/* Before the row at place `k` is looked at: those after it are seen to, each once, some places before their turn. */
static inline void look_ahead(const Engine *e, const Table *t, const uint32_t *order, uint32_t k, int near) {
  uint32_t ahead = (uint32_t)e->call[AHEAD];
  if (k + AHEAD_ROWS / 2 < ahead || ahead >= (uint32_t)e->call[END]) return;
  fetch_ahead(e, t, order, ahead, near);
  e->call[AHEAD] = ahead + AHEAD_ROWS;
}

#endif

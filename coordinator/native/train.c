/*
 * Takes trains of uneventful segments: rows of a packet table, train after train, each of one direction of a flow and going on
 * where it stood. It does what the short way does (coordinator/src/engine/match/express.ts), on the same columns, for the
 * case that makes up a transfer: both taps know the flow, and the path changes nothing. There it takes a quarter of the
 * time, and needs no compiler to warm up.
 *
 * express.ts is the authority, and where others wait at the other tap (after a loss some always do) what matcher.ts does:
 * functions here have the names of those there, and test/property/express.test.ts holds that all three ways leave the same.
 * Two invariants: nothing is changed before it is decided that a row is taken (but what the long way would do first, too: that
 * what waits can be found), and the first row that asks for anything else (a flow that is not at hand, a record more than there
 * is room for) ends the run. What stands in the engine's columns is its own; of what came from outside only the values of
 * fields are read, which address nothing.
 */
#include <math.h>
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>

#include "columns.h"
#include "flow-table.h"
#include "records.h"
#include "waiting.h"

/* Raised with every change of what is called or of what a train does (REVISION of src/train-addon.ts). */
enum { REVISION = 6 };

static inline double larger(double a, double b) { return a > b ? a : b; }

/* ---- whose a row is ---- */

/* Of an established flow that both taps have seen, on a path that leaves all as it is; as Express.isEstablished. */
static int is_established(const Train *t) {
  const Numbers *is = t->is;
  const double *way = t->way, *side = t->side, *far = t->far;
  int opposite = t->direction == 0 ? 1 : -1;
  const double *back = way + opposite * is->DIRECTION_WORDS, *far_back = far + 2 * opposite * is->SIDE_WORDS;
  return way[is->SENDER_TAP] >= 0 && way[is->ID_KEPT] == 1 && way[is->TS_KEPT] == 1 && way[is->SEQ_DELTA] == 0 &&
         back[is->SEQ_DELTA] == 0 && far[is->PACKETS] + far_back[is->PACKETS] > 0 && side[is->SEQ_BASE] >= 0 &&
         side[is->TTL] >= 0 && isnan(side[is->FIN_END]) && isnan(side[is->ZERO_SINCE]) &&
         t->flow[t->near == 0 ? is->AFTERMATH_0 : is->AFTERMATH_1] == 0;
}

/* Aims at the flow and direction of a row; 0 where the train is not for here. */
static int aim(Train *t, uint32_t i) {
  const Engine *e = t->engine;
  const Numbers *is = t->is;
  int32_t flow = find(e, t->table, i, &t->direction);
  if (flow < 0 || (uint32_t)flow >= e->linked_flows) return 0;
  /* Joined into another, followed by another of the same tuple, or put away: that is for those who know about it. */
  const int32_t *link = e->links + (size_t)flow * is->LINK_WORDS;
  if (link[is->joined] >= 0 || link[t->near == 0 ? is->current0 : is->current1] >= 0 || link[is->place] < 0) return 0;
  t->number_of_flow = flow;
  t->flow = e->rows + (size_t)link[is->place] * is->PLACE_WORDS;
  t->way = t->flow + is->DIRECTIONS_FROM + t->direction * is->DIRECTION_WORDS;
  t->side = t->flow + is->SIDES_FROM + (2 * t->direction + t->near) * is->SIDE_WORDS;
  t->far = t->side + (t->near == 0 ? is->SIDE_WORDS : -is->SIDE_WORDS);
  t->opposite = t->side + (t->direction == 0 ? 2 : -2) * is->SIDE_WORDS;
  return is_established(t);
}

/* ---- whether a row is taken ---- */

static int goes_on(const Train *t) {
  const Numbers *is = t->is;
  const double *side = t->side;
  uint32_t next = (uint32_t)(int64_t)(side[is->SEQ_BASE] + side[is->SEQ_END]);
  if (t->table->sequence[t->i] != next) return 0;
  if (t->time - t->flow[t->near == 0 ? is->LAST_SEEN_0 : is->LAST_SEEN_1] >= is->IDLE_NS) return 0;
  if (t->table->payloadLength[t->i] > 0 && isnan(side[is->DATA_TIME])) return 0;
  double last = side[is->IP_ID];
  return t->id == 0 || last < 0 || (((uint32_t)last - t->id) & 0xffff) >= (uint32_t)is->ID_WINDOW;
}

static int resembles_recent(const Train *t) {
  const Table *table = t->table;
  const Records *r = t->records;
  const Numbers *is = t->is;
  uint32_t i = t->i;
  int bare = t->id == 0 && table->payloadLength[i] == 0;
  if (table->packetType[i] == UNKNOWN_TYPE && !bare) return 0;
  if (t->flow[is->PUT_AWAY] >= 0) return 1;
  for (int place = is->RECENT_0; place < is->RECENT_0 + 2 * is->RECENT; place++) {
    int32_t c = (int32_t)t->flow[place];
    if (c >= 0 && r->sequence[c] == table->sequence[i] && r->acknowledgment[c] == table->acknowledgment[i] &&
        r->length[c] == table->payloadLength[i] && r->timestampValue[c] == t->stamp &&
        r->sackDigest[c] == sack_digest(table, i))
      return 1;
  }
  return 0;
}

/* isBeyond of beyond.ts: others wait at the other tap for what was lost, not for this. */
static int is_beyond(const Train *t) {
  const Numbers *is = t->is;
  if (t->table->payloadLength[t->i] == 0 || t->way[is->DELIVERED_SIZE] == 0) return 0;
  uint32_t end = (uint32_t)(int64_t)(t->far[is->SEQ_BASE] + t->far[is->SEQ_END]);
  return t->table->sequence[t->i] - end < (uint32_t)is->WINDOW_BYTES;
}

/* isTwin and isPlainPair, of a record that by its identity is the same transmission. */
static int is_plain_pair(const Train *t, int32_t c) {
  const Table *table = t->table;
  const Records *r = t->records;
  const Numbers *is = t->is;
  uint32_t i = t->i;
  return r->ipId[c] == t->id && r->timestampValue[c] == t->stamp &&
         (table->payloadLength[i] > 0 || (r->window[c] == table->window[i] && r->sackCount[c] == table->sackCount[i] &&
                                          r->sackDigest[c] == sack_digest(table, i))) &&
         (r->state[c] & ~(is->notable | is->translated | is->doubled | is->indexed)) == 0 && r->covered[c] == 0 &&
         r->tos[c] == table->tos[i] && r->digestHigh[c] == table->digestHigh[i] &&
         (r->digestLow[c] == table->digestLow[i] || r->digestLength[c] != table->digestLength[i]);
}

/* RangeSearch.isInVain, and it has to wait: an ACK can only differ in an id that the path is not known to keep. */
static int is_sought_in_vain(const Train *t) {
  const Numbers *is = t->is;
  int ids_may_differ = t->way[is->PAIRS] == 0 || t->way[is->ID_CHANGED] > 0;
  return t->table->payloadLength[t->i] == 0 && (!ids_may_differ || t->stamp == 0);
}

/* ---- what a row that is taken leaves ---- */

static void observe_data(Train *t, uint32_t length) {
  const Numbers *is = t->is;
  double *side = t->side;
  side[is->BYTES] += length;
  side[is->SEQ_END] += length;
  side[is->LARGEST] = larger(side[is->LARGEST], length);
  double asked = t->opposite[is->DATA_TIME];
  if (asked > side[is->DATA_TIME]) {
    side[is->TURNS]++;
    side[is->TURN_TOTAL] += t->time - asked;
    side[is->TURN_LONGEST] = larger(side[is->TURN_LONGEST], t->time - asked);
  }
  side[is->DATA_TIME] = t->time;
}

/* Observer.segments */
static double segments_of(const Train *t, uint32_t length) {
  const Numbers *is = t->is;
  if (length < (uint32_t)is->MERGED_FROM) return 1;
  double known = t->way[is->SEGMENT];
  double size = (known != 0 ? known : is->DEFAULT_MSS) - (t->stamp != 0 ? is->TIMESTAMP_BYTES : 0);
  return length <= size ? 1 : ceil(length / larger(1, size));
}

static void observe(Train *t) {
  const Table *table = t->table;
  const Numbers *is = t->is;
  double *side = t->side;
  uint32_t i = t->i, length = table->payloadLength[i];
  t->flow[t->near == 0 ? is->LAST_SEEN_0 : is->LAST_SEEN_1] = t->time;
  side[is->PACKETS]++;
  if (!(side[is->FIRST_TIME] <= t->time)) side[is->FIRST_TIME] = t->time;
  side[is->LAST_TIME] = t->time;
  side[is->LAST_ACK] = table->acknowledgment[i];
  side[is->WINDOW] = table->window[i];
  side[is->LABEL] = table->ipVersion[i] == 6 ? table->flowLabel[i] : 0;
  if (table->packetType[i] == OUTGOING_TYPE) side[is->OUTGOING] = 1;
  if (t->stamp != 0) side[is->TSVAL] = t->stamp;
  double segments = segments_of(t, length);
  side[is->SEGMENTS] += segments;
  if (length > 0) observe_data(t, length);
  if (t->id == 0) return;
  double last = side[is->IP_ID];
  if (last >= 0) {
    int goes_on = ((t->id - (uint32_t)last) & 0xffff) == ((uint32_t)side[is->LAST_SEGMENTS] & 0xffff);
    side[goes_on ? is->ID_STEPS : is->ID_BREAKS]++;
  }
  side[is->IP_ID] = t->id;
  side[is->LAST_SEGMENTS] = segments;
}

/* What the pair tells about the clocks is left in `pairs`, for the timeline. */
static void learn(Train *t, int32_t c) {
  const Table *table = t->table;
  const Records *r = t->records;
  const Numbers *is = t->is;
  double *way = t->way;
  uint32_t i = t->i;
  int at0 = t->near == 0;
  double time0 = at0 ? t->time : r->time[c], time1 = at0 ? r->time[c] : t->time;
  double number0 = at0 ? t->number : r->number[c], number1 = at0 ? r->number[c] : t->number;
  double difference = time1 - time0;
  if (++way[is->PAIRS] <= is->TTL_PAIRS)
    way[is->TTL_DIFF] += at0 ? table->ttl[i] - r->ttl[c] : r->ttl[c] - table->ttl[i];
  if (difference < way[is->MIN_DIFF]) way[is->MIN_DIFF] = difference, way[is->MIN_DIFF_AT] = time0;
  if (difference > way[is->MAX_DIFF]) way[is->MAX_DIFF] = difference, way[is->MAX_DIFF_AT] = time0;
  double *pair = t->pairs + PAIR_NUMBERS * (size_t)t->call[PAIRED]++;
  pair[0] = way[is->SENDER_TAP], pair[1] = time0, pair[2] = difference;
  uint32_t size = r->ipLength[c] < table->ipLength[i] ? r->ipLength[c] : table->ipLength[i];
  way[is->DELIVERED_SIZE] = larger(way[is->DELIVERED_SIZE], r->length[c] > 0 ? size : 0);
  if (number0 > way[is->TOP_NUMBER_0]) way[is->TOP_NUMBER_0] = number0, way[is->TOP_TIME_0] = time0;
  if (number1 > way[is->TOP_NUMBER_1]) way[is->TOP_NUMBER_1] = number1, way[is->TOP_TIME_1] = time1;
}

static void pair(Train *t, int32_t c) {
  const Table *table = t->table;
  const Records *r = t->records;
  const Numbers *is = t->is;
  uint32_t i = t->i;
  r->covered[c] = r->length[c];
  r->peer[c] = c;
  r->peerNumber[c] = t->number;
  r->peerTime[c] = t->time;
  r->peerTtl[c] = table->ttl[i];
  r->peerType[c] = table->packetType[i];
  r->peerIfindex[c] = table->ifindex[i];
  r->state[c] |= (uint16_t)is->matched;
  t->side[is->MATCHED]++;
  t->far[is->MATCHED]++;
  take_from_index(t, c);
  /* What comes next follows this one, and not what was passed over. */
  t->far[is->CURSOR] = c;
  unwait(t, c);
  learn(t, c);
  remember(t, c);
}

/* The first to be seen of a packet waits for its twin. */
static int await(Train *t) {
  if (t->call[FREE_HEAD] < 0 && t->call[EXTENT] >= t->records->capacity) return 0;
  observe(t);
  int32_t c = allocate(t);
  wait(t, c);
  remember(t, c);
  return 1;
}

static int step(Train *t, uint32_t i) {
  const Table *table = t->table;
  t->i = i;
  t->number = t->call[FIRST_NUMBER] + i;
  t->time = table->time[i] + t->shift;
  t->id = table->ipVersion[i] == 4 ? table->ipId[i] : 0;
  t->stamp = table->tcpOptions[i] & TIMESTAMPS ? table->timestampValue[i] : 0;
  if (!goes_on(t) || resembles_recent(t)) return 0;
  if (t->far[t->is->WAITING] == 0 || is_beyond(t)) return await(t);
  if (t->id == 0 && t->stamp == 0) return 0;
  /* As Matcher.twin. */
  int32_t twin = (int32_t)t->far[t->is->CURSOR];
  if (twin < 0 || !is_same_sending(t, twin)) {
    if (!fill(t)) return 0;
    twin = twin_in_turn(t);
    if (twin < 0) return is_sought_in_vain(t) && await(t);
  }
  if (!is_plain_pair(t, twin)) return 0;
  observe(t);
  pair(t, twin);
  return 1;
}

/* Takes rows from place FIRST before END on; `order` says which row stands at a place, NULL: the one of its number. */
static void take(Train *t, const uint32_t *order) {
  const Table *table = t->table;
  uint32_t k = (uint32_t)t->call[FIRST], end = (uint32_t)t->call[END], next = UINT32_MAX;
  for (; k < end; k++) {
    look_ahead(t->engine, table, order, k, t->near);
    uint32_t i = order ? order[k] : k;
    if (i >= table->capacity || (table->seen[i] & UNEVENTFUL) == 0) break;
    /* What a scan says of a row it says next to the row before. */
    int follows = i == next && (table->seen[i] & FOLLOWS) != 0;
    if (!(follows || aim(t, i)) || !step(t, i)) break;
    next = i + 1;
  }
  t->call[DONE] = k;
}

/* ---- Node-API ---- */

static void *fail(napi_env env, const char *what) {
  napi_throw_type_error(env, NULL, what);
  return NULL;
}

/* The memory of a typed array of so many elements at least; NULL with an exception pending. */
static void *memory_of(napi_env env, napi_value array, const char *name, napi_typedarray_type kind, size_t elements) {
  napi_typedarray_type is;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, array, &is, &length, &data, NULL, NULL) != napi_ok || is != kind ||
      length < elements)
    return fail(env, name);
  return data;
}

static void *column_of(napi_env env, napi_value object, const char *name, napi_typedarray_type kind, size_t elements) {
  napi_value column;
  if (napi_get_named_property(env, object, name, &column) != napi_ok) return fail(env, name);
  return memory_of(env, column, name, kind, elements);
}

static int number_of(napi_env env, napi_value object, const char *name, int *number) {
  napi_value value;
  return napi_get_named_property(env, object, name, &value) == napi_ok &&
         napi_get_value_int32(env, value, number) == napi_ok;
}

static void give_back(napi_env env, void *data, void *hint) { free(data); }

static napi_value handle_of(napi_env env, const void *what, size_t bytes) {
  napi_value handle;
  void *kept = malloc(bytes);
  if (kept == NULL) return fail(env, "memory");
  __builtin_memcpy(kept, what, bytes);
  napi_create_external(env, kept, give_back, NULL, &handle);
  return handle;
}

/* table(table, seen): a handle. It holds the memory of the columns but does not keep it. */
static napi_value bind_table(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2, scanned;
  int rows = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (!number_of(env, arguments[0], "capacity", &rows)) return fail(env, "capacity");
  Table table = {.capacity = (uint32_t)rows};
#define BIND_COLUMN(name, type, kind, elements)                                                              \
  if ((table.name = column_of(env, arguments[0], #name, kind, (size_t)(elements) * rows)) == NULL) return NULL;
  TABLE_COLUMNS(BIND_COLUMN)
  if ((table.seen = memory_of(env, arguments[1], "seen", napi_uint8_array, 0)) == NULL) return NULL;
  napi_get_typedarray_info(env, arguments[1], NULL, &scanned, NULL, NULL, NULL);
  if (scanned < table.capacity) table.capacity = (uint32_t)scanned;
  return handle_of(env, &table, sizeof table);
}

/* engine(numbers, arrays, call): a handle, good until any of these arrays is replaced. */
static napi_value bind_engine(napi_env env, napi_callback_info info) {
  enum { GIVEN_NUMBERS, ARRAYS, CALL, ARGUMENTS };
  napi_value arguments[ARGUMENTS], records;
  size_t count = ARGUMENTS;
  int capacity = 0, linked = 0, slots = 0, cached = 0, places = 0, buckets = 0;
  Engine e = {0};
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
#define BIND_NUMBER(name) \
  if (!number_of(env, arguments[GIVEN_NUMBERS], #name, &e.is.name)) return fail(env, #name);
  NUMBERS(BIND_NUMBER)
  napi_value arrays = arguments[ARRAYS];
  if (napi_get_named_property(env, arrays, "records", &records) != napi_ok ||
      !number_of(env, records, "capacity", &capacity) || !number_of(env, arrays, "linkedFlows", &linked) ||
      !number_of(env, arrays, "tableSlots", &slots) || !number_of(env, arrays, "cacheSlots", &cached) ||
      !number_of(env, arrays, "retiredPlaces", &places) || !number_of(env, arrays, "waitingBuckets", &buckets))
    return fail(env, "arrays");
#define BIND_RECORD(name, type, kind, elements) \
  if ((e.records.name = column_of(env, records, #name, kind, (size_t)capacity)) == NULL) return NULL;
  RECORD_COLUMNS(BIND_RECORD)
  if ((e.rows = column_of(env, arrays, "rows", napi_float64_array, 1)) == NULL ||
      (e.links = column_of(env, arrays, "links", napi_int32_array, (size_t)linked * e.is.LINK_WORDS)) == NULL ||
      (e.keys = column_of(env, arrays, "keys", napi_uint32_array, 1)) == NULL ||
      (e.slots = column_of(env, arrays, "slots", napi_int32_array, (size_t)slots)) == NULL ||
      (e.cache = column_of(env, arrays, "cache", napi_int32_array, (size_t)cached)) == NULL ||
      (e.tags = column_of(env, arrays, "tags", napi_int32_array, (size_t)cached)) == NULL ||
      (e.retired = column_of(env, arrays, "retired", napi_int32_array, (size_t)places)) == NULL ||
      (e.buckets = column_of(env, arrays, "buckets", napi_int32_array, (size_t)buckets)) == NULL ||
      (e.call = memory_of(env, arguments[CALL], "call", napi_float64_array, CALL_NUMBERS)) == NULL)
    return NULL;
  e.records.capacity = (uint32_t)capacity;
  e.linked_flows = (uint32_t)linked;
  e.slot_mask = (uint32_t)slots - 1;
  e.cache_mask = (uint32_t)cached - 1;
  e.retired_mask = (uint32_t)places - 1;
  e.bucket_mask = (uint32_t)buckets - 1;
  return handle_of(env, &e, sizeof e);
}

/* take(engine, table, pairs, order | undefined): pairs has room for PAIR_NUMBERS of each row. */
static napi_value take_trains(napi_env env, napi_callback_info info) {
  enum { ENGINE, TABLE, PAIRS_OUT, ORDER, ARGUMENTS };
  napi_value arguments[ARGUMENTS];
  size_t count = ARGUMENTS;
  void *engine, *table, *pairs, *order = NULL;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (napi_get_value_external(env, arguments[ENGINE], &engine) != napi_ok ||
      napi_get_value_external(env, arguments[TABLE], &table) != napi_ok)
    return fail(env, "handle");
  Engine *e = engine;
  const Table *rows = table;
  double *call = e->call;
  if (!(call[END] <= rows->capacity)) return fail(env, "rows");
  pairs = memory_of(env, arguments[PAIRS_OUT], "pairs", napi_float64_array, PAIR_NUMBERS * (size_t)rows->capacity);
  if (pairs == NULL) return NULL;
  if (count > ORDER && (order = memory_of(env, arguments[ORDER], "order", napi_uint32_array, call[END])) == NULL)
    return NULL;
  Train train = {.is = &e->is, .records = &e->records, .table = rows, .engine = e, .call = call, .pairs = pairs,
                 .near = call[NEAR] != 0, .shift = call[SHIFT]};
  call[PAIRED] = 0;
  take(&train, order);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"table", bind_table}, {"engine", bind_engine}, {"take", take_trains}};
  napi_value revision;
  napi_create_uint32(env, REVISION, &revision);
  napi_set_named_property(env, exports, "revision", revision);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}

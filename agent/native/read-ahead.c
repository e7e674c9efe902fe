/*
 * Reads a capture file ahead of JavaScript, on a thread of its own: it fills packet tables, in turn, with the plain packets of
 * the file, and sets the bytes of all others aside, for JavaScript to decode into the rows left free for them. The first thing
 * in the file that is not a whole packet of the kind it was told (another block, damage, the end) ends the thread, and
 * JavaScript goes on from there. So nothing is decided here that agent/src/capture/format decides. Nothing of the file is trusted.
 *
 * A table belongs to the thread from when it was given back (all of them, at first) until it is handed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "file-runs.h"

/* Raised with every change of what is called, and of the rows of plain packets (REVISION of src/capture/pcapfile/ahead-addon.ts). */
enum { REVISION = 2 };

/* Read at once: large enough that system calls do not count, small enough to stay in the cache. */
enum { READ_BYTES = 512 * 1024 };
/* A whole record fits behind what is left of the one before. */
enum { WINDOW_BYTES = READ_BYTES + MAX_RECORD_BYTES + 64 };
/* More tables than anybody asks for. */
enum { MOST_TABLES = 16 };

/* What is told of a table, in numbers: its rows; how many of them were left free and the bytes set aside for these; where in the
 * file the table ends; whether the thread ended with it. */
enum { ROWS, LEFT_ROWS, LEFT_BYTES, OFFSET, ENDED, TOLD_NUMBERS };

typedef struct {
  Target target;
  ScannedTable scanned;
  uint32_t *left; /* the rows left free, with room for all, and where the record of each ends */
  uint8_t *bytes; /* in these: the records, one behind the other */
  size_t room;    /* for so many bytes */
  double *told;
} Slot;

typedef struct {
  Slot slots[MOST_TABLES];
  uint32_t tables;

  int file, link, is_pcapng;
  uint32_t tick_ns;    /* of a pcap file */
  Base base;           /* of a pcap file */
  Interface interface; /* of a pcapng file */
  uint64_t offset;     /* in the file, of the window's end */
  uint32_t start, end; /* in the window, of what is not consumed */
  uint8_t window[WINDOW_BYTES];

  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t came, went; /* a table was handed over; tables were given back */
  uint32_t handed, taken, given_back;
  int is_running, is_stopping;

  napi_ref kept; /* the tables' memory, as long as the thread may write to it */
} Reader;

/* ---- the file ---- */

/* Reads on; 0 at the end of the file, and where it cannot be read: JavaScript will see why. */
static int fill_window(Reader *r) {
  memmove(r->window, r->window + r->start, r->end - r->start);
  r->end -= r->start;
  r->start = 0;
  ssize_t got;
  do got = pread(r->file, r->window + r->end, READ_BYTES, (off_t)r->offset);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return 0;
  r->end += (uint32_t)got;
  r->offset += (uint64_t)got;
  return 1;
}

enum { NOT_ALL_THERE = 0, NO_PACKET = -1 };

/* Bytes of the record that comes next. */
static int32_t pcap_record(const uint8_t *record, uint32_t there) {
  if (there < PCAP_HEADER) return NOT_ALL_THERE;
  uint32_t captured = le32(record + PCAP_CAPTURED);
  if (captured > MAX_RECORD_BYTES) return NO_PACKET;
  return there - PCAP_HEADER < captured ? NOT_ALL_THERE : (int32_t)(PCAP_HEADER + captured);
}

/* The same for an enhanced packet block of the interface, with options or without. */
static int32_t pcapng_record(const uint8_t *block, uint32_t there, uint32_t interface) {
  if (there < BLOCK_OVERHEAD) return NOT_ALL_THERE;
  uint32_t length = le32(block + BLOCK_LENGTH);
  if (le32(block) != ENHANCED_PACKET || le32(block + BLOCK_INTERFACE) != interface) return NO_PACKET;
  if (length < BLOCK_OVERHEAD || length % 4 != 0 || length > MAX_RECORD_BYTES) return NO_PACKET;
  if (le32(block + BLOCK_CAPTURED) > length - BLOCK_OVERHEAD) return NO_PACKET;
  return there < length ? NOT_ALL_THERE : (int32_t)length;
}

static int32_t next_record(const Reader *r) {
  const uint8_t *record = r->window + r->start;
  uint32_t there = r->end - r->start;
  return r->is_pcapng ? pcapng_record(record, there, r->interface.id) : pcap_record(record, there);
}

/* ---- the tables ---- */

/* Fills rows from `row` on as far as packets are plain and there; returns the first row not filled. */
static uint32_t take_run(Reader *r, const Target *target, uint32_t row) {
  uint32_t position[] = {[AT] = r->start, [ROW] = row};
  if (r->is_pcapng) read_pcapng(target, r->window, r->end, position, r->link, &r->interface);
  else read_pcap(target, r->window, r->end, position, r->link, r->tick_ns, &r->base);
  r->start = position[AT];
  return position[ROW];
}

/* What agent/src/decode/defaults.ts says of the columns that plain packets fill: one of those may have stood in the row before. */
static void blank_row(const Table *t, uint32_t row) {
  t->layer[row] = t->marks[row] = t->ipVersion[row] = t->protocol[row] = 0;
  t->ifindex[row] = 0;
  t->packetType[row] = PACKET_TYPE_UNKNOWN;
  t->vlan[row] = NO_VLAN;
  t->sourceMac[row] = t->destinationMac[row] = 0;
  t->payloadLength[row] = t->digestHigh[row] = t->digestLow[row] = 0;
  t->digestLength[row] = t->checksum[row] = t->sackCount[row] = t->tlsRecord[row] = 0;
  t->tcpOptions[row] = t->mss[row] = 0;
  t->wscale[row] = NO_WSCALE;
  t->tcpOptionOrder[row] = t->timestampValue[row] = t->timestampEcho[row] = 0;
}

/* 0 where the thread ends with this table. */
static int fill_slot(Reader *r, Slot *slot) {
  uint32_t rows = 0, left = 0, capacity = slot->target.table.capacity;
  size_t bytes = 0;
  int goes_on = 1;
  while ((rows = take_run(r, &slot->target, rows)) < capacity) {
    int32_t record = next_record(r);
    if (record == NOT_ALL_THERE && fill_window(r)) continue;
    if (record <= 0 || (size_t)record > slot->room) goes_on = 0;
    if (!goes_on || (size_t)record > slot->room - bytes) break;
    memcpy(slot->bytes + bytes, r->window + r->start, (size_t)record);
    bytes += (size_t)record;
    blank_row(&slot->target.table, rows);
    slot->left[2 * left] = rows++;
    slot->left[2 * left++ + 1] = (uint32_t)bytes;
    r->start += (uint32_t)record;
  }
  if (left == 0) scan_table(&slot->scanned, rows);
  slot->told[ROWS] = rows;
  slot->told[LEFT_ROWS] = left;
  slot->told[LEFT_BYTES] = (double)bytes;
  slot->told[OFFSET] = (double)(r->offset - (r->end - r->start));
  slot->told[ENDED] = !goes_on;
  return goes_on;
}

/* ---- the thread ---- */

/* The next table to fill, when there is one; NULL where the thread is to stop. */
static Slot *wait_for_slot(Reader *r) {
  pthread_mutex_lock(&r->mutex);
  while (r->handed - r->given_back == r->tables && !r->is_stopping) pthread_cond_wait(&r->went, &r->mutex);
  Slot *slot = r->is_stopping ? NULL : &r->slots[r->handed % r->tables];
  pthread_mutex_unlock(&r->mutex);
  return slot;
}

static void hand_over(Reader *r) {
  pthread_mutex_lock(&r->mutex);
  r->handed++;
  pthread_cond_signal(&r->came);
  pthread_mutex_unlock(&r->mutex);
}

static void *read_file(void *reader) {
  Reader *r = reader;
  Slot *slot;
  int goes_on = 1;
  while (goes_on && (slot = wait_for_slot(r)) != NULL) {
    goes_on = fill_slot(r, slot);
    hand_over(r);
  }
  return NULL;
}

/* Gives back the table taken before, and waits for the next one. */
static uint32_t next_slot(Reader *r) {
  pthread_mutex_lock(&r->mutex);
  r->given_back = r->taken;
  /* While half of the tables wait to be taken the thread may sleep: being woken costs both. */
  if (r->handed - r->given_back <= r->tables / 2) pthread_cond_signal(&r->went);
  while (r->handed == r->taken) pthread_cond_wait(&r->came, &r->mutex);
  uint32_t slot = r->taken++ % r->tables;
  pthread_mutex_unlock(&r->mutex);
  return slot;
}

/* Ends the thread, also in front of Node's own end; does nothing the second time. */
static void stop_thread(void *reader) {
  Reader *r = reader;
  if (!r->is_running) return;
  r->is_running = 0;
  pthread_mutex_lock(&r->mutex);
  r->is_stopping = 1;
  pthread_cond_signal(&r->went);
  pthread_mutex_unlock(&r->mutex);
  pthread_join(r->thread, NULL);
}

/* ---- Node-API ---- */

static napi_value property(napi_env env, napi_value object, const char *name) {
  napi_value value = NULL;
  napi_get_named_property(env, object, name, &value);
  return value;
}

static int number_of(napi_env env, napi_value object, const char *name, double *number) {
  return napi_get_value_double(env, property(env, object, name), number) == napi_ok ? 1 : (fail(env, name), 0);
}

/* Where a file is read on, and of what link type its packets are. */
static int bind_place(napi_env env, napi_value place, Reader *r) {
  double file, offset, link;
  if (!number_of(env, place, "file", &file) || !number_of(env, place, "offset", &offset) ||
      !number_of(env, place, "linkType", &link))
    return 0;
  r->file = (int)file;
  r->offset = (uint64_t)offset;
  r->link = (int)link;
  return 1;
}

/* How times are made: of the shape PcapClock or PcapngClock of src/capture/format/parser.ts. */
static int bind_clock(napi_env env, napi_value clock, Reader *r) {
  bool is_pcapng = false;
  double tick_ns, id, high, low;
  napi_get_value_bool(env, property(env, clock, "isPcapng"), &is_pcapng);
  if (!number_of(env, clock, "tickNs", &tick_ns)) return 0;
  r->is_pcapng = is_pcapng;
  r->tick_ns = (uint32_t)tick_ns;
  if (!is_pcapng)
    return number_of(env, clock, "seconds", &r->base.seconds) && number_of(env, clock, "nanoseconds", &r->base.nanoseconds);
  if (!number_of(env, clock, "id", &id) || !number_of(env, clock, "baseHigh", &high) ||
      !number_of(env, clock, "baseLow", &low) || !number_of(env, clock, "baseNs", &r->interface.base_ns))
    return 0;
  r->interface.id = (uint32_t)id;
  r->interface.base_high = (uint32_t)high;
  r->interface.base_low = (uint32_t)low;
  r->interface.tick_ns = tick_ns;
  return 1;
}

/* A table with what belongs to it: shape AheadSlot of src/capture/pcapfile/ahead-addon.ts. */
static int bind_slot(napi_env env, napi_value from, napi_value schedule, napi_value quick, Slot *slot) {
  napi_value table = property(env, from, "table"), bytes = property(env, from, "bytes");
  if (!bind_target(env, table, schedule, quick, &slot->target) ||
      !bind_scanned(env, table, property(env, from, "seen"), property(env, from, "numbers"), &slot->scanned))
    return 0;
  slot->left = memory_of(env, property(env, from, "left"), "left", napi_uint32_array, 2 * slot->target.table.capacity);
  if (slot->left == NULL) return 0;
  slot->told = memory_of(env, property(env, from, "told"), "told", napi_float64_array, TOLD_NUMBERS);
  if (slot->told == NULL) return 0;
  slot->bytes = memory_of(env, bytes, "bytes", napi_uint8_array, 0);
  return slot->bytes != NULL && napi_get_typedarray_info(env, bytes, NULL, &slot->room, NULL, NULL, NULL) == napi_ok;
}

static int bind_slots(napi_env env, napi_value slots, napi_value schedule, napi_value quick, Reader *r) {
  if (napi_get_array_length(env, slots, &r->tables) != napi_ok || r->tables == 0 || r->tables > MOST_TABLES)
    return fail(env, "slots"), 0;
  for (uint32_t i = 0; i < r->tables; i++) {
    napi_value slot;
    if (napi_get_element(env, slots, i, &slot) != napi_ok) return fail(env, "slots"), 0;
    if (!bind_slot(env, slot, schedule, quick, &r->slots[i])) return 0;
  }
  return napi_create_reference(env, slots, 1, &r->kept) == napi_ok ? 1 : (fail(env, "slots"), 0);
}

static void let_go(napi_env env, Reader *r) {
  stop_thread(r);
  if (r->kept != NULL) napi_delete_reference(env, r->kept);
  r->kept = NULL;
}

static void release(napi_env env, void *reader, void *hint) {
  Reader *r = reader;
  let_go(env, r);
  napi_remove_env_cleanup_hook(env, stop_thread, r);
  pthread_mutex_destroy(&r->mutex);
  pthread_cond_destroy(&r->came);
  pthread_cond_destroy(&r->went);
  free(r);
}

/* start(slots, schedule, quick, place, clock): a handle. Throws where no thread can be started. */
static napi_value start(napi_env env, napi_callback_info info) {
  enum { SLOTS, SCHEDULE, QUICK, PLACE, CLOCK, ARGUMENTS };
  napi_value arguments[ARGUMENTS], handle;
  size_t count = ARGUMENTS;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  Reader *r = calloc(1, sizeof *r);
  if (r == NULL) return fail(env, "memory");
  if (!bind_place(env, arguments[PLACE], r) || !bind_clock(env, arguments[CLOCK], r) ||
      !bind_slots(env, arguments[SLOTS], arguments[SCHEDULE], arguments[QUICK], r))
    return free(r), NULL;
  pthread_mutex_init(&r->mutex, NULL);
  pthread_cond_init(&r->came, NULL);
  pthread_cond_init(&r->went, NULL);
  posix_fadvise(r->file, 0, 0, POSIX_FADV_SEQUENTIAL);
  r->is_running = pthread_create(&r->thread, NULL, read_file, r) == 0;
  napi_create_external(env, r, release, NULL, &handle);
  napi_add_env_cleanup_hook(env, stop_thread, r);
  return r->is_running ? handle : fail(env, "thread");
}

static Reader *reader_of(napi_env env, napi_callback_info info) {
  napi_value handle;
  size_t count = 1;
  void *reader;
  napi_get_cb_info(env, info, &count, &handle, NULL, NULL);
  if (napi_get_value_external(env, handle, &reader) != napi_ok) return fail(env, "handle");
  return reader;
}

/* next(handle): the number of the next slot, once it is filled; the one before is given back. Not after one that told ENDED. */
static napi_value next(napi_env env, napi_callback_info info) {
  napi_value slot;
  Reader *r = reader_of(env, info);
  if (r == NULL || !r->is_running) return fail(env, "stopped");
  napi_create_uint32(env, next_slot(r), &slot);
  return slot;
}

/* stop(handle): the thread ends, and the slots are no longer held. */
static napi_value stop(napi_env env, napi_callback_info info) {
  Reader *r = reader_of(env, info);
  if (r != NULL) let_go(env, r);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"start", start}, {"next", next}, {"stop", stop}};
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

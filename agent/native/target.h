/*
 * Packet tables as the add-ons know them: one that is being filled, one that is scanned, and where the times in it count from.
 * The memory of columns is held but not kept: what is bound here may be used as long as its table is there.
 */
#include <node_api.h>

#include "plain-packet.h"
#include "scan.h"

/* A table and how its payloads are digested. */
typedef struct {
  Table table;
  Key key;
} Target;

/* Where times count from. */
typedef struct {
  double seconds, nanoseconds;
} Base;

static inline double time_since(const Base *base, double seconds, double nanoseconds) {
  return (seconds - base->seconds) * 1e9 + (nanoseconds - base->nanoseconds);
}

static inline void *fail(napi_env env, const char *what) {
  napi_throw_type_error(env, NULL, what);
  return NULL;
}

/* The memory of a typed array of at least so many elements; NULL with an exception pending. */
static inline void *memory_of(napi_env env, napi_value array, const char *name, napi_typedarray_type kind,
                              size_t elements) {
  napi_typedarray_type is;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, array, &is, &length, &data, NULL, NULL) != napi_ok || is != kind ||
      length < elements)
    return fail(env, name);
  return data;
}

/* The column `name` of a table. */
static inline void *column_of(napi_env env, napi_value table, const char *name, napi_typedarray_type kind,
                              size_t elements) {
  napi_value column;
  if (napi_get_named_property(env, table, name, &column) != napi_ok) return fail(env, name);
  return memory_of(env, column, name, kind, elements);
}

static inline int capacity_of(napi_env env, napi_value table, uint32_t *rows) {
  napi_value capacity;
  if (napi_get_named_property(env, table, "capacity", &capacity) == napi_ok &&
      napi_get_value_uint32(env, capacity, rows) == napi_ok)
    return 1;
  return fail(env, "capacity"), 0;
}

/* Binds a table for filling; `schedule` holds the key's words. 0 with an exception pending. */
static inline int bind_target(napi_env env, napi_value table, napi_value schedule, napi_value quick, Target *target) {
  bool is_quick = false;
  const void *words = memory_of(env, schedule, "schedule", napi_int32_array, sizeof target->key.words / sizeof *target->key.words);
  if (words == NULL || !capacity_of(env, table, &target->table.capacity)) return 0;
  if (napi_get_value_bool(env, quick, &is_quick) != napi_ok) return fail(env, "quick"), 0;
  target->key.quick = is_quick;
  memcpy(target->key.words, words, sizeof target->key.words);
#define BIND(name, type, kind, elements)                                                            \
  target->table.name = column_of(env, table, #name, kind, (size_t)(elements)*target->table.capacity); \
  if (target->table.name == NULL) return 0;
  COLUMNS(BIND)
#undef BIND
  return 1;
}

/* Binds a table for scanning into bits of each row and numbers about all of them. 0 with an exception pending. */
static inline int bind_scanned(napi_env env, napi_value table, napi_value seen, napi_value numbers,
                               ScannedTable *scanned) {
  if (!capacity_of(env, table, &scanned->capacity)) return 0;
  scanned->seen = memory_of(env, seen, "seen", napi_uint8_array, scanned->capacity);
  if (scanned->seen == NULL) return 0;
  scanned->numbers = memory_of(env, numbers, "numbers", napi_float64_array, SCAN_NUMBERS);
  if (scanned->numbers == NULL) return 0;
#define BIND(name, type, kind, elements)                                                       \
  scanned->name = column_of(env, table, #name, kind, (size_t)(elements)*scanned->capacity); \
  if (scanned->name == NULL) return 0;
  SCANNED_COLUMNS(BIND)
#undef BIND
  return 1;
}

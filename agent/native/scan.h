/*
 * What the rows of a table tell without anything known of their flows: proto/src/packet/scan-rows.ts, which is the
 * authority, in loops of the same names. The same test holds both to the same bits (test/contract/decode/plain.test.ts).
 */
#include <math.h>
#include <stdint.h>

/* The columns that are looked at: name in proto/src/packet/table.ts, C type, Node-API's name of it, elements a row. */
#define SCANNED_COLUMNS(COLUMN)                                                                                \
  COLUMN(time, double, napi_float64_array, 1) COLUMN(capturedLength, uint32_t, napi_uint32_array, 1)           \
  COLUMN(layer, uint8_t, napi_uint8_array, 1) COLUMN(marks, uint8_t, napi_uint8_array, 1)                      \
  COLUMN(ipVersion, uint8_t, napi_uint8_array, 1) COLUMN(ipFlags, uint8_t, napi_uint8_array, 1)                \
  COLUMN(source, uint32_t, napi_uint32_array, 4) COLUMN(destination, uint32_t, napi_uint32_array, 4)           \
  COLUMN(protocol, uint8_t, napi_uint8_array, 1) COLUMN(tcpFlags, uint16_t, napi_uint16_array, 1)              \
  COLUMN(sourcePort, uint16_t, napi_uint16_array, 1) COLUMN(destinationPort, uint16_t, napi_uint16_array, 1)   \
  COLUMN(window, uint16_t, napi_uint16_array, 1) COLUMN(checksum, uint8_t, napi_uint8_array, 1)                \
  COLUMN(tlsRecord, uint8_t, napi_uint8_array, 1) COLUMN(httpKind, uint8_t, napi_uint8_array, 1)               \
  COLUMN(dnsFlags, uint16_t, napi_uint16_array, 1) COLUMN(dnsType, uint16_t, napi_uint16_array, 1)             \
  COLUMN(marker, uint32_t, napi_uint32_array, 1)

/* Places of the numbers about all rows, and bits of those of each, as in scan.ts. */
enum { EARLIEST, LATEST, BACKWARDS, CUT, CUT_AT, SCAN_NUMBERS };
enum { UNEVENTFUL = 1, FOLLOWS = 2 };

/* A table and what is found out of it. */
typedef struct {
#define SCANNED_POINTER(name, type, kind, elements) const type *name;
  SCANNED_COLUMNS(SCANNED_POINTER)
  uint32_t capacity;
  uint8_t *seen;
  double *numbers;
} ScannedTable;

static void scan_times(const ScannedTable *t, uint32_t length) {
  double earliest = INFINITY, latest = -INFINITY, before = -INFINITY;
  uint32_t backwards = 0;
  for (uint32_t i = 0; i < length; i++) {
    double now = t->time[i];
    if (now < earliest) earliest = now;
    if (now > latest) latest = now;
    backwards += now < before;
    before = now;
  }
  t->numbers[EARLIEST] = earliest;
  t->numbers[LATEST] = latest;
  t->numbers[BACKWARDS] = backwards;
}

static void scan_cuts(const ScannedTable *t, uint32_t length) {
  enum { TRANSPORT = 3, MARK_CUT = 1 };
  uint32_t cut = 0, cut_at = 0;
  for (uint32_t i = 0; i < length; i++) {
    if (t->layer[i] == TRANSPORT || (t->marks[i] & MARK_CUT) == 0) continue;
    cut++;
    if (t->capturedLength[i] > cut_at) cut_at = t->capturedLength[i];
  }
  t->numbers[CUT] = cut;
  t->numbers[CUT_AT] = cut_at;
}

static void mark_uneventful(const ScannedTable *t, uint32_t length) {
  enum { TRANSPORT = 3, TCP = 6, FRAGMENT = 4, PSH = 8, ACK = 16, BAD = 2, TLS_ALERT = 21, TLS_HANDSHAKE = 22 };
  for (uint32_t i = 0; i < length; i++)
    t->seen[i] = t->layer[i] == TRANSPORT && t->protocol[i] == TCP && (t->ipFlags[i] & FRAGMENT) == 0 &&
                         (t->tcpFlags[i] & ~PSH) == ACK && t->window[i] != 0 && t->checksum[i] != BAD &&
                         t->tlsRecord[i] != TLS_ALERT && t->tlsRecord[i] != TLS_HANDSHAKE &&
                         (t->httpKind[i] | t->dnsFlags[i] | t->dnsType[i] | t->marker[i]) == 0
                     ? UNEVENTFUL
                     : 0;
}

static inline int is_same_address(const uint32_t *words, uint32_t i, int mapped) {
  const uint32_t *own = words + 4 * i, *before = own - 4;
  return own[3] == before[3] && (mapped || (own[2] == before[2] && own[1] == before[1] && own[0] == before[0]));
}

static void mark_following(const ScannedTable *t, uint32_t length) {
  for (uint32_t i = 1; i < length; i++) {
    /* Of what is not uneventful the columns may hold anything. */
    if ((t->seen[i] & t->seen[i - 1]) == 0) continue;
    int mapped = t->ipVersion[i] == 4 && t->ipVersion[i - 1] == 4;
    if (t->sourcePort[i] == t->sourcePort[i - 1] && t->destinationPort[i] == t->destinationPort[i - 1] &&
        is_same_address(t->source, i, mapped) && is_same_address(t->destination, i, mapped))
      t->seen[i] |= FOLLOWS;
  }
}

static void scan_table(const ScannedTable *t, uint32_t length) {
  scan_times(t, length);
  scan_cuts(t, length);
  mark_uneventful(t, length);
  mark_following(t, length);
}

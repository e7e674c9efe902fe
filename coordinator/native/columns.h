/*
 * What train.c has in common with the engine: columns of tables and records, words of rows, numbers that go with each call.
 * Names are those of TypeScript, by which everything is bound when a table or an engine is met for the first time.
 */
#ifndef BOTHENDS_COLUMNS_H
#define BOTHENDS_COLUMNS_H

#include <node_api.h>
#include <stdint.h>

/* Columns of a PacketTable that are read: name in proto/src/packet/table.ts, C type, Node-API's name of it, elements a row. */
#define TABLE_COLUMNS(COLUMN)                                                                               \
  COLUMN(time, double, napi_float64_array, 1)                                                               \
  COLUMN(marks, uint8_t, napi_uint8_array, 1) COLUMN(ifindex, int32_t, napi_int32_array, 1)                 \
  COLUMN(packetType, uint8_t, napi_uint8_array, 1)                                                          \
  COLUMN(sourceMac, uint32_t, napi_uint32_array, 1) COLUMN(destinationMac, uint32_t, napi_uint32_array, 1)  \
  COLUMN(ipVersion, uint8_t, napi_uint8_array, 1) COLUMN(ttl, uint8_t, napi_uint8_array, 1)                 \
  COLUMN(source, uint32_t, napi_uint32_array, 4) COLUMN(destination, uint32_t, napi_uint32_array, 4)        \
  COLUMN(sourcePort, uint16_t, napi_uint16_array, 1) COLUMN(destinationPort, uint16_t, napi_uint16_array, 1) \
  COLUMN(protocol, uint8_t, napi_uint8_array, 1)                                                            \
  COLUMN(tos, uint8_t, napi_uint8_array, 1) COLUMN(ipId, uint32_t, napi_uint32_array, 1)                    \
  COLUMN(ipFlags, uint8_t, napi_uint8_array, 1) COLUMN(flowLabel, uint32_t, napi_uint32_array, 1)           \
  COLUMN(ipLength, uint32_t, napi_uint32_array, 1) COLUMN(payloadLength, uint32_t, napi_uint32_array, 1)    \
  COLUMN(digestHigh, uint32_t, napi_uint32_array, 1) COLUMN(digestLow, uint32_t, napi_uint32_array, 1)      \
  COLUMN(digestLength, uint8_t, napi_uint8_array, 1) COLUMN(checksum, uint8_t, napi_uint8_array, 1)         \
  COLUMN(sequence, uint32_t, napi_uint32_array, 1) COLUMN(acknowledgment, uint32_t, napi_uint32_array, 1)   \
  COLUMN(tcpFlags, uint16_t, napi_uint16_array, 1) COLUMN(window, uint16_t, napi_uint16_array, 1)           \
  COLUMN(tcpOptions, uint16_t, napi_uint16_array, 1)                                                        \
  COLUMN(timestampValue, uint32_t, napi_uint32_array, 1) COLUMN(timestampEcho, uint32_t, napi_uint32_array, 1) \
  COLUMN(sackCount, uint8_t, napi_uint8_array, 1) COLUMN(sack, uint32_t, napi_uint32_array, 8)              \
  COLUMN(tlsRecord, uint8_t, napi_uint8_array, 1) COLUMN(tlsHandshake, uint8_t, napi_uint8_array, 1)        \
  COLUMN(tlsAlertLevel, uint8_t, napi_uint8_array, 1) COLUMN(tlsAlert, uint8_t, napi_uint8_array, 1)        \
  COLUMN(dnsId, uint16_t, napi_uint16_array, 1) COLUMN(dnsFlags, uint16_t, napi_uint16_array, 1)            \
  COLUMN(dnsType, uint16_t, napi_uint16_array, 1) COLUMN(nameLow, uint32_t, napi_uint32_array, 1)           \
  COLUMN(httpKind, uint8_t, napi_uint8_array, 1) COLUMN(httpStatus, uint16_t, napi_uint16_array, 1)         \
  COLUMN(httpLength, uint32_t, napi_uint32_array, 1) COLUMN(httpHeadLength, uint16_t, napi_uint16_array, 1)

/* Columns of Records that a train reads or fills, as in coordinator/src/engine/flows/records.ts. */
#define RECORD_COLUMNS(COLUMN)                                                                              \
  COLUMN(flow, int32_t, napi_int32_array, 1) COLUMN(direction, uint8_t, napi_uint8_array, 1)                \
  COLUMN(tap, uint8_t, napi_uint8_array, 1) COLUMN(state, uint16_t, napi_uint16_array, 1)                   \
  COLUMN(number, double, napi_float64_array, 1) COLUMN(time, double, napi_float64_array, 1)                 \
  COLUMN(gap, double, napi_float64_array, 1)                                                                \
  COLUMN(sequence, uint32_t, napi_uint32_array, 1) COLUMN(acknowledgment, uint32_t, napi_uint32_array, 1)   \
  COLUMN(length, uint32_t, napi_uint32_array, 1) COLUMN(covered, uint32_t, napi_uint32_array, 1)            \
  COLUMN(ipLength, uint32_t, napi_uint32_array, 1) COLUMN(ipVersion, uint8_t, napi_uint8_array, 1)          \
  COLUMN(ipId, uint32_t, napi_uint32_array, 1) COLUMN(ipFlags, uint8_t, napi_uint8_array, 1)                \
  COLUMN(timestampValue, uint32_t, napi_uint32_array, 1) COLUMN(timestampEcho, uint32_t, napi_uint32_array, 1) \
  COLUMN(flags, uint16_t, napi_uint16_array, 1) COLUMN(window, uint16_t, napi_uint16_array, 1)              \
  COLUMN(options, uint16_t, napi_uint16_array, 1)                                                           \
  COLUMN(sackCount, uint8_t, napi_uint8_array, 1) COLUMN(sackDigest, uint32_t, napi_uint32_array, 1)        \
  COLUMN(ttl, uint8_t, napi_uint8_array, 1) COLUMN(tos, uint8_t, napi_uint8_array, 1)                       \
  COLUMN(flowLabel, uint32_t, napi_uint32_array, 1)                                                         \
  COLUMN(digestHigh, uint32_t, napi_uint32_array, 1) COLUMN(digestLow, uint32_t, napi_uint32_array, 1)      \
  COLUMN(digestLength, uint8_t, napi_uint8_array, 1) COLUMN(checksum, uint8_t, napi_uint8_array, 1)         \
  COLUMN(cut, uint8_t, napi_uint8_array, 1) COLUMN(packetType, uint8_t, napi_uint8_array, 1)                \
  COLUMN(ifindex, int32_t, napi_int32_array, 1)                                                             \
  COLUMN(sourceMac, uint32_t, napi_uint32_array, 1) COLUMN(destinationMac, uint32_t, napi_uint32_array, 1)  \
  COLUMN(tlsRecord, uint8_t, napi_uint8_array, 1) COLUMN(tlsHandshake, uint8_t, napi_uint8_array, 1)        \
  COLUMN(tlsAlertLevel, uint8_t, napi_uint8_array, 1) COLUMN(tlsAlert, uint8_t, napi_uint8_array, 1)        \
  COLUMN(dnsId, uint16_t, napi_uint16_array, 1) COLUMN(dnsFlags, uint16_t, napi_uint16_array, 1)            \
  COLUMN(dnsType, uint16_t, napi_uint16_array, 1) COLUMN(nameLow, uint32_t, napi_uint32_array, 1)           \
  COLUMN(httpKind, uint8_t, napi_uint8_array, 1) COLUMN(httpStatus, uint16_t, napi_uint16_array, 1)         \
  COLUMN(httpLength, uint32_t, napi_uint32_array, 1) COLUMN(httpHeadLength, uint16_t, napi_uint16_array, 1) \
  COLUMN(peer, int32_t, napi_int32_array, 1) COLUMN(peerNumber, double, napi_float64_array, 1)              \
  COLUMN(peerTime, double, napi_float64_array, 1) COLUMN(peerTtl, uint8_t, napi_uint8_array, 1)             \
  COLUMN(peerType, uint8_t, napi_uint8_array, 1) COLUMN(peerIfindex, int32_t, napi_int32_array, 1)          \
  COLUMN(holds, uint8_t, napi_uint8_array, 1)                                                               \
  COLUMN(previousWaiting, int32_t, napi_int32_array, 1) COLUMN(nextWaiting, int32_t, napi_int32_array, 1)   \
  COLUMN(nextInBucket, int32_t, napi_int32_array, 1) COLUMN(hash, int32_t, napi_int32_array, 1)

/* Numbers that are defined in TypeScript alone: words of rows and links, bits, limits. Given by name once. */
#define NUMBERS(NUMBER)                                                                                     \
  NUMBER(PACKETS) NUMBER(BYTES) NUMBER(FIRST_TIME) NUMBER(LAST_TIME) NUMBER(SEQ_BASE) NUMBER(SEQ_END)       \
  NUMBER(TTL) NUMBER(IP_ID) NUMBER(ID_STEPS) NUMBER(ID_BREAKS) NUMBER(LAST_ACK) NUMBER(WINDOW)              \
  NUMBER(ZERO_SINCE) NUMBER(LARGEST) NUMBER(SEGMENTS) NUMBER(MATCHED)                                       \
  NUMBER(HEAD) NUMBER(TAIL) NUMBER(WAITING) NUMBER(CURSOR)                                                  \
  NUMBER(TSVAL) NUMBER(DATA_TIME) NUMBER(FIN_END) NUMBER(OUTGOING) NUMBER(LABEL) NUMBER(TURNS)              \
  NUMBER(TURN_TOTAL) NUMBER(TURN_LONGEST) NUMBER(LAST_SEGMENTS) NUMBER(UNINDEXED) NUMBER(SIDE_WORDS)        \
  NUMBER(SEQ_DELTA) NUMBER(ID_KEPT) NUMBER(ID_CHANGED) NUMBER(TS_KEPT) NUMBER(SENDER_TAP)                   \
  NUMBER(SEGMENT) NUMBER(PAIRS) NUMBER(TTL_DIFF) NUMBER(MIN_DIFF) NUMBER(MIN_DIFF_AT) NUMBER(MAX_DIFF)      \
  NUMBER(MAX_DIFF_AT) NUMBER(DELIVERED_SIZE) NUMBER(TOP_NUMBER_0) NUMBER(TOP_TIME_0) NUMBER(TOP_NUMBER_1)   \
  NUMBER(TOP_TIME_1) NUMBER(DIRECTION_WORDS)                                                                \
  NUMBER(LAST_SEEN_0) NUMBER(LAST_SEEN_1) NUMBER(AFTERMATH_0) NUMBER(AFTERMATH_1)                           \
  NUMBER(RECENT) NUMBER(RECENT_0) NUMBER(RECENT_1) NUMBER(RECENT_NEXT_0) NUMBER(RECENT_NEXT_1)              \
  NUMBER(PUT_AWAY) NUMBER(DIRECTIONS_FROM) NUMBER(SIDES_FROM) NUMBER(PLACE_WORDS)                           \
  NUMBER(joined) NUMBER(current0) NUMBER(current1) NUMBER(place) NUMBER(LINK_WORDS)                         \
  NUMBER(KEY_WORDS) NUMBER(MAPPED)                                                                          \
  NUMBER(matched) NUMBER(notable) NUMBER(retired) NUMBER(doubled) NUMBER(translated) NUMBER(indexed)        \
  NUMBER(CONTROL) NUMBER(IDLE_NS) NUMBER(ID_WINDOW) NUMBER(MERGED_FROM) NUMBER(DEFAULT_MSS)                 \
  NUMBER(TIMESTAMP_BYTES) NUMBER(TTL_PAIRS) NUMBER(WINDOW_BYTES) NUMBER(CHAIN_LIMIT)

/* Bits of `seen` (proto/src/packet/scan.ts); TcpOption.timestamps; Mark.cut; PacketType. */
enum { UNEVENTFUL = 1, FOLLOWS = 2, TIMESTAMPS = 16, CUT = 1, OUTGOING_TYPE = 4, UNKNOWN_TYPE = 255 };
/* Numbers told of each matched pair: the tap that saw it first, its time at tap 0, and the difference of its two
 * times. */
enum { PAIR_NUMBERS = 3 };

typedef struct {
#define POINTER(name, type, kind, elements) type *name;
  TABLE_COLUMNS(POINTER)
  uint32_t capacity;
  const uint8_t *seen;
} Table;

typedef struct {
  RECORD_COLUMNS(POINTER)
  uint32_t capacity;
} Records;

typedef struct {
#define FIELD(name) int name;
  NUMBERS(FIELD)
} Numbers;

/* Places in the array of numbers that goes with each call, both ways. */
enum {
  FIRST, END, NEAR, FIRST_NUMBER, SHIFT,         /* given */
  FREE_HEAD, EXTENT, LIVE, CAME, INDEXED, AHEAD, /* given, and changed */
  DONE, PAIRED,                                  /* told */
  CALL_NUMBERS
};

/* An engine: its columns as long as they are not replaced by larger ones, and the array of each call. */
typedef struct {
  Numbers is;
  Records records;
  double *rows;
  const int32_t *links;
  const uint32_t *keys;
  const int32_t *slots;
  int32_t *cache, *tags;
  int32_t *retired, *buckets;
  uint32_t linked_flows, slot_mask, cache_mask, retired_mask, bucket_mask;
  double *call;
} Engine;

/* A run: the train being taken, and of it the segment in hand. */
typedef struct {
  const Numbers *is;
  const Records *records;
  const Table *table;
  Engine *engine;
  double *call, *pairs;
  double *flow, *way, *side, *far, *opposite; /* rows of the flow, its direction, of what each tap saw of it */
  int32_t number_of_flow;
  int near, direction;
  double shift, number, time;
  uint32_t i, id, stamp;
} Train;

#endif

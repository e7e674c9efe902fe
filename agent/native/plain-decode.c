/*
 * Decodes runs of plain packets (plain-packet.h) into packet tables, of a capture file or of a ring of packet-mmap, and
 * stops in front of the first packet that is not plain; and scans tables (scan.h). Each call goes on where `position` says and
 * leaves there how far it came, so that JavaScript takes the packet that stopped it and calls again. Nothing of the input is
 * trusted.
 */
#include <linux/if_packet.h>
#include <node_api.h>
#include <stdlib.h>

#include "file-runs.h"

/*
 * Raised with every change of what is called, and of the rows of plain packets (REVISION of src/decode/plain-addon.ts): one of
 * another revision is left alone.
 */
enum { REVISION = 3 };
/* One more word of `position`: packets left in the ring's block. */
enum { LEFT = ROW + 1 };
enum { HARDWARE_LOOPBACK = 772, HARDWARE_NETLINK = 824, VLAN_TAG_BYTES = 4, CHECKSUM_OK = 1, CHECKSUM_PARTIAL = 3 };

/* ---- the frames of a ring's block ---- */

/* What the kernel knows of a packet beside its bytes; as BlockReader. */
static void finish_row(const Table *table, uint32_t row, const struct tpacket3_hdr *frame,
                       const struct sockaddr_ll *address, uint32_t header_bytes, uint32_t snaplen) {
  uint32_t added = header_bytes;
  table->ifindex[row] = address->sll_ifindex;
  table->packetType[row] = address->sll_pkttype;
  if (frame->tp_status & TP_STATUS_VLAN_VALID) {
    table->vlan[row] = frame->hv1.tp_vlan_tci & 0x0fff;
    if (added == 0) added = VLAN_TAG_BYTES;
  }
  if (added > 0) {
    uint32_t captured = table->capturedLength[row] + added;
    table->wireLength[row] += added;
    table->capturedLength[row] = captured < snaplen ? captured : snaplen;
  }
  if ((frame->tp_status & TP_STATUS_CSUMNOTREADY) && table->checksum[row] != CHECKSUM_OK)
    table->checksum[row] = CHECKSUM_PARTIAL;
}

static void read_ring(const Target *target, const uint8_t *ring, size_t ring_bytes, uint32_t *position, int link,
                      uint32_t header_bytes, uint32_t snaplen, const Base *base) {
  enum { ADDRESS = TPACKET_ALIGN(sizeof(struct tpacket3_hdr)), ADDRESSED = ADDRESS + sizeof(struct sockaddr_ll) };
  const Table *table = &target->table;
  uint32_t row = position[ROW];
  /* On `any` packets come without link header, and the address says what they are. */
  int datagrams = header_bytes > 0;
  for (; position[LEFT] > 0 && row < table->capacity; position[LEFT]--) {
    size_t at = position[AT];
    if (at > ring_bytes || ring_bytes - at < ADDRESSED) break;
    struct tpacket3_hdr frame;
    struct sockaddr_ll address;
    memcpy(&frame, ring + at, sizeof frame);
    memcpy(&address, ring + at + ADDRESS, sizeof address);
    /* What goes out on the loopback interface comes in there again. */
    if (address.sll_pkttype != PACKET_OUTGOING || address.sll_hatype != HARDWARE_LOOPBACK) {
      size_t data = at + frame.tp_mac;
      if (data > ring_bytes || ring_bytes - data < frame.tp_snaplen) break;
      uint32_t type = datagrams ? be16((const uint8_t *)&address.sll_protocol) : 0;
      if (datagrams && (type == 0 || address.sll_hatype == HARDWARE_NETLINK)) break;
      if (!decode_plain(table, row, &target->key, ring + data, frame.tp_snaplen, frame.tp_len, link, type)) break;
      if (datagrams && address.sll_halen == 6) table->sourceMac[row] = digest_mac(&target->key, address.sll_addr);
      table->time[row] = time_since(base, frame.tp_sec, frame.tp_nsec);
      finish_row(table, row, &frame, &address, header_bytes, snaplen);
      row++;
    }
    position[AT] = (uint32_t)(at + frame.tp_next_offset);
  }
  position[ROW] = row;
}

/* ---- Node-API ---- */

static void release(napi_env env, void *data, void *hint) { free(data); }

static napi_value handle_of(napi_env env, const void *what, size_t bytes) {
  napi_value handle;
  void *kept = malloc(bytes);
  if (kept == NULL) return fail(env, "memory");
  memcpy(kept, what, bytes);
  napi_create_external(env, kept, release, NULL, &handle);
  return handle;
}

/* bind(table, schedule, quick): a handle for filling the table. */
static napi_value bind_table(napi_env env, napi_callback_info info) {
  enum { TABLE, SCHEDULE, QUICK, ARGUMENTS };
  napi_value arguments[ARGUMENTS];
  size_t count = ARGUMENTS;
  Target target = {0};
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (!bind_target(env, arguments[TABLE], arguments[SCHEDULE], arguments[QUICK], &target)) return NULL;
  return handle_of(env, &target, sizeof target);
}

enum { TARGET, BYTES, POSITION, LINK, SECONDS, NANOSECONDS, FIRST_OWN, OWN = 4, ARGUMENTS = FIRST_OWN + OWN };

/*
 * What each call is given: a handle, bytes, a position, the link type, two numbers that times are made with; then two to four of
 * its own.
 */
typedef struct {
  const Target *target;
  const uint8_t *bytes;
  size_t length;
  uint32_t *position;
  int32_t link;
  Base base;
  uint32_t own[OWN];
} Call;

static int arguments_of(napi_env env, napi_callback_info info, Call *call) {
  napi_value arguments[ARGUMENTS];
  size_t count = ARGUMENTS, words;
  napi_typedarray_type bytes_kind, position_kind;
  void *target, *bytes, *position;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (count < FIRST_OWN + 2 || napi_get_value_external(env, arguments[TARGET], &target) != napi_ok ||
      napi_get_typedarray_info(env, arguments[BYTES], &bytes_kind, &call->length, &bytes, NULL, NULL) != napi_ok ||
      napi_get_typedarray_info(env, arguments[POSITION], &position_kind, &words, &position, NULL, NULL) != napi_ok ||
      bytes_kind != napi_uint8_array || position_kind != napi_uint32_array || words != LEFT + 1)
    return fail(env, "arguments"), 0;
  napi_get_value_int32(env, arguments[LINK], &call->link);
  napi_get_value_double(env, arguments[SECONDS], &call->base.seconds);
  napi_get_value_double(env, arguments[NANOSECONDS], &call->base.nanoseconds);
  for (size_t i = 0; i < OWN && FIRST_OWN + i < count; i++)
    napi_get_value_uint32(env, arguments[FIRST_OWN + i], &call->own[i]);
  call->target = target;
  call->bytes = bytes;
  call->position = position;
  return 1;
}

/* pcap(handle, bytes, position, linkType, baseSeconds, baseNanoseconds, end, tickNs) */
static napi_value pcap(napi_env env, napi_callback_info info) {
  Call call = {0};
  if (!arguments_of(env, info, &call)) return NULL;
  uint32_t end = call.own[0] < call.length ? call.own[0] : (uint32_t)call.length;
  read_pcap(call.target, call.bytes, end, call.position, call.link, call.own[1], &call.base);
  return NULL;
}

/* pcapng(handle, bytes, position, linkType, interfaceBaseNs, tickNs, end, interface, baseHigh, baseLow) */
static napi_value pcapng(napi_env env, napi_callback_info info) {
  Call call = {0};
  if (!arguments_of(env, info, &call)) return NULL;
  uint32_t end = call.own[0] < call.length ? call.own[0] : (uint32_t)call.length;
  Interface interface = {.id = call.own[1], .base_high = call.own[2], .base_low = call.own[3],
                         .base_ns = call.base.seconds, .tick_ns = call.base.nanoseconds};
  read_pcapng(call.target, call.bytes, end, call.position, call.link, &interface);
  return NULL;
}

/* ring(handle, memory, position, linkType, baseSeconds, baseNanoseconds, headerBytes, snaplen) */
static napi_value ring(napi_env env, napi_callback_info info) {
  Call call = {0};
  if (!arguments_of(env, info, &call)) return NULL;
  read_ring(call.target, call.bytes, call.length, call.position, call.own[0] > 0 ? LINK_RAW : call.link,
            call.own[0], call.own[1], &call.base);
  return NULL;
}

/* bindScan(table, seen, numbers): a handle for scanning the table. */
static napi_value bind_scan(napi_env env, napi_callback_info info) {
  enum { TABLE, SEEN, NUMBERS, ARGUMENTS };
  napi_value arguments[ARGUMENTS];
  size_t count = ARGUMENTS;
  ScannedTable scanned = {0};
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (!bind_scanned(env, arguments[TABLE], arguments[SEEN], arguments[NUMBERS], &scanned)) return NULL;
  return handle_of(env, &scanned, sizeof scanned);
}

/* scan(handle, rows) */
static napi_value scan(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  void *table;
  uint32_t rows = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (napi_get_value_external(env, arguments[0], &table) != napi_ok ||
      napi_get_value_uint32(env, arguments[1], &rows) != napi_ok || rows > ((ScannedTable *)table)->capacity)
    return fail(env, "rows");
  scan_table(table, rows);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"bind", bind_table}, {"pcap", pcap},         {"pcapng", pcapng},
                   {"ring", ring},       {"bindScan", bind_scan}, {"scan", scan}};
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

/*
 * Runs of plain packets in the bytes of a capture file, little-endian: each ends in front of the first record that is not plain, is
 * not all there, or cannot be. Nothing of the input is trusted.
 */
#include "target.h"

/* Longest record that is believed, as in agent/src/capture/format/parser.ts. */
enum { MAX_RECORD_BYTES = 1 << 20 };
/* Words of `position`: byte offset and next row of the table, where a run begins and then where it ended. */
enum { AT, ROW };

/* ---- the records of a pcap file ---- */

enum { PCAP_FRACTION = 4, PCAP_CAPTURED = 8, PCAP_WIRE = 12, PCAP_HEADER = 16 };

static inline void read_pcap(const Target *target, const uint8_t *bytes, uint32_t end, uint32_t *position, int link,
                             uint32_t tick_ns, const Base *base) {
  const Table *table = &target->table;
  uint32_t at = position[AT], row = position[ROW];
  while (row < table->capacity && at <= end && end - at >= PCAP_HEADER) {
    const uint8_t *record = bytes + at;
    uint32_t captured = le32(record + PCAP_CAPTURED);
    if (captured > MAX_RECORD_BYTES || end - at - PCAP_HEADER < captured) break;
    if (!decode_plain(table, row, &target->key, record + PCAP_HEADER, captured, le32(record + PCAP_WIRE), link, 0))
      break;
    table->time[row] = time_since(base, le32(record), (double)le32(record + PCAP_FRACTION) * tick_ns);
    row++;
    at += PCAP_HEADER + captured;
  }
  position[AT] = at;
  position[ROW] = row;
}

/* ---- the enhanced packet blocks of a pcapng file ---- */

enum { BLOCK_LENGTH = 4, BLOCK_INTERFACE = 8, BLOCK_HIGH = 12, BLOCK_LOW = 16, BLOCK_CAPTURED = 20, BLOCK_WIRE = 24 };
enum { BLOCK_DATA = 28, BLOCK_OVERHEAD = 32, ENHANCED_PACKET = 6 };

/* What the packets of an interface have in common: its number in the section, and its clock as in pcapng-interface.ts. */
typedef struct {
  uint32_t id, base_high, base_low;
  double base_ns, tick_ns;
} Interface;

/* Math.round */
static inline double rounded(double x) {
  double up = ceil(x);
  return up - 0.5 > x ? up - 1 : up;
}

static inline double ticks_to_ns(const Interface *interface, uint32_t high, uint32_t low) {
  double elapsed = ((double)high - interface->base_high) * 4294967296.0 + ((double)low - interface->base_low);
  return interface->base_ns + rounded(elapsed * interface->tick_ns);
}

/* Blocks of one interface and without options, as dumpcap writes them; any other block ends the run. */
static inline void read_pcapng(const Target *target, const uint8_t *bytes, uint32_t end, uint32_t *position, int link,
                               const Interface *interface) {
  const Table *table = &target->table;
  uint32_t at = position[AT], row = position[ROW];
  while (row < table->capacity && at <= end && end - at >= BLOCK_OVERHEAD) {
    const uint8_t *block = bytes + at;
    uint32_t length = le32(block + BLOCK_LENGTH), captured = le32(block + BLOCK_CAPTURED);
    if (le32(block) != ENHANCED_PACKET || le32(block + BLOCK_INTERFACE) != interface->id) break;
    if (captured > MAX_RECORD_BYTES || length > end - at || length != BLOCK_OVERHEAD + ((captured + 3) & ~3u)) break;
    if (!decode_plain(table, row, &target->key, block + BLOCK_DATA, captured, le32(block + BLOCK_WIRE), link, 0)) break;
    table->time[row] = ticks_to_ns(interface, le32(block + BLOCK_HIGH), le32(block + BLOCK_LOW));
    if (table->ifindex[row] == 0) table->ifindex[row] = (int32_t)interface->id + 2; /* 1 is the loopback's, see pcapng.ts */
    row++;
    at += length;
  }
  position[AT] = at;
  position[ROW] = row;
}

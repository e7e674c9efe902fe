/* Decodes one plain packet into one row of a packet table. Plain is what nearly all of a capture is: Ethernet
 * with one VLAN tag at most, Linux cooked v2 or no link header; IPv4 or IPv6 with nothing between their header
 * and TCP; of options, those that ordinary connections have (MSS, window scale, SACK, time stamps); and no
 * payload that begins as something the decoder looks into.
 *
 * The decoder in agent/src/decode is the authority: what is not plain is left to it, and what is plain gives the
 * same row, to the bit (test/contract/decode/plain.test.ts). Two invariants: nothing outside the captured bytes
 * is read, and nothing of the row is written before the packet was found plain. Offsets count from the packet's
 * first byte. */
#include <stdint.h>
#include <string.h>

/* The columns that a plain packet fills: name in proto/src/packet/table.ts, C type, Node-API's name of it, elements a row. */
#define COLUMNS(COLUMN)                                                                              \
  COLUMN(time, double, napi_float64_array, 1)                                                        \
  COLUMN(wireLength, uint32_t, napi_uint32_array, 1) COLUMN(capturedLength, uint32_t, napi_uint32_array, 1) \
  COLUMN(layer, uint8_t, napi_uint8_array, 1) COLUMN(marks, uint8_t, napi_uint8_array, 1)            \
  COLUMN(ifindex, int32_t, napi_int32_array, 1) COLUMN(packetType, uint8_t, napi_uint8_array, 1)     \
  COLUMN(vlan, uint16_t, napi_uint16_array, 1)                                                       \
  COLUMN(sourceMac, uint32_t, napi_uint32_array, 1) COLUMN(destinationMac, uint32_t, napi_uint32_array, 1) \
  COLUMN(ipVersion, uint8_t, napi_uint8_array, 1)                                                    \
  COLUMN(source, uint32_t, napi_uint32_array, 4) COLUMN(destination, uint32_t, napi_uint32_array, 4) \
  COLUMN(ttl, uint8_t, napi_uint8_array, 1) COLUMN(tos, uint8_t, napi_uint8_array, 1)                \
  COLUMN(ipId, uint32_t, napi_uint32_array, 1) COLUMN(ipFlags, uint8_t, napi_uint8_array, 1)         \
  COLUMN(fragmentOffset, uint16_t, napi_uint16_array, 1) COLUMN(flowLabel, uint32_t, napi_uint32_array, 1) \
  COLUMN(ipLength, uint32_t, napi_uint32_array, 1) COLUMN(protocol, uint8_t, napi_uint8_array, 1)    \
  COLUMN(sourcePort, uint16_t, napi_uint16_array, 1) COLUMN(destinationPort, uint16_t, napi_uint16_array, 1) \
  COLUMN(payloadLength, uint32_t, napi_uint32_array, 1) COLUMN(digestLength, uint8_t, napi_uint8_array, 1) \
  COLUMN(digestHigh, uint32_t, napi_uint32_array, 1) COLUMN(digestLow, uint32_t, napi_uint32_array, 1) \
  COLUMN(checksum, uint8_t, napi_uint8_array, 1)                                                     \
  COLUMN(sequence, uint32_t, napi_uint32_array, 1) COLUMN(acknowledgment, uint32_t, napi_uint32_array, 1) \
  COLUMN(tcpFlags, uint16_t, napi_uint16_array, 1) COLUMN(window, uint16_t, napi_uint16_array, 1)    \
  COLUMN(urgent, uint16_t, napi_uint16_array, 1)                                                     \
  COLUMN(tcpOptions, uint16_t, napi_uint16_array, 1) COLUMN(tcpOptionOrder, uint32_t, napi_uint32_array, 1) \
  COLUMN(mss, uint16_t, napi_uint16_array, 1) COLUMN(wscale, uint8_t, napi_uint8_array, 1)           \
  COLUMN(timestampValue, uint32_t, napi_uint32_array, 1) COLUMN(timestampEcho, uint32_t, napi_uint32_array, 1) \
  COLUMN(sackCount, uint8_t, napi_uint8_array, 1) COLUMN(sack, uint32_t, napi_uint32_array, 8)       \
  COLUMN(tlsRecord, uint8_t, napi_uint8_array, 1)

/* A table that is being filled: its columns, all of them with room for `capacity` rows. */
typedef struct {
#define POINTER(name, type, kind, elements) type *name;
  COLUMNS(POINTER)
#undef POINTER
  uint32_t capacity;
} Table;

/* How payloads and link addresses are digested: see agent/src/decode/digest.ts and file-digest.ts. */
typedef struct {
  uint32_t words[12]; /* the key, then its subkeys for a whole last block and for a padded one */
  int quick;          /* payloads get digests without a key */
} Key;

/* LINKTYPE numbers (tcpdump.org). */
enum { LINK_ETHERNET = 1, LINK_RAW = 101, LINK_COOKED2 = 276 };
enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd, ETHERTYPE_VLAN = 0x8100 };
enum { PROTOCOL_TCP = 6, LAYER_TRANSPORT = 3, PACKET_TYPE_UNKNOWN = 255, NO_VLAN = 0xffff, NO_WSCALE = 0xff };
/* As in agent/src/decode/payload.ts and checksum.ts. */
enum { DIGEST_BYTES = 64, DIGEST_BLOCK = 16, VERIFIED_BYTES = 256 };

/* What was read of a packet: where its next header is, its end as captured and on the wire, and fields of its headers. */
typedef struct {
  const uint8_t *bytes;
  uint32_t at, end, wire_end;
  uint32_t type, vlan, source_mac, destination_mac, packet_type;
  int32_t ifindex;
  uint32_t version, length, ttl, tos, id, dont_fragment, label, source[4], destination[4];
  uint32_t options, order, mss, wscale, stamp, echo, sacks;
  const uint8_t *sack;
  uint32_t tls;
} Packet;

static inline uint32_t be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t be32(const uint8_t *p) { return be16(p) << 16 | be16(p + 2); }
static inline uint32_t le32(const uint8_t *p) {
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}
static inline uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

/* ---- digests ---- */

static inline uint32_t finish(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t length) {
  uint32_t h = rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18) + length;
  h = (h ^ h >> 15) * 0x85ebca77;
  h = (h ^ h >> 13) * 0xc2b2ae3d;
  return h ^ h >> 16;
}

/* FileDigest.ofPayload */
static inline void digest_quick(const uint8_t *payload, uint32_t length, uint32_t result[2]) {
  uint32_t lanes[4] = {0x24234428, 0x85ebca77, 0, 0x61c8864f};
  uint8_t tail[DIGEST_BLOCK] = {0};
  for (uint32_t done = 0; done < length; done += DIGEST_BLOCK) {
    const uint8_t *block = payload + done;
    if (length - done < DIGEST_BLOCK) block = memcpy(tail, block, length - done);
    for (int i = 0; i < 4; i++) lanes[i] = rotated(lanes[i] + le32(block + 4 * i) * 0x85ebca77, 13) * 0x9e3779b1;
    if (done == 0)
      result[0] = finish(lanes[0], lanes[1], lanes[2], lanes[3], length < DIGEST_BLOCK ? length : DIGEST_BLOCK);
  }
  result[1] = finish(lanes[3], lanes[2], lanes[1], lanes[0], length);
}

/* KeyedDigest.ofPayload: Chaskey of eight rounds */
static inline void digest_keyed(const uint32_t key[12], const uint8_t *payload, uint32_t length, uint32_t result[2]) {
  const uint32_t *whole = key + 4, *last = key + (length % DIGEST_BLOCK == 0 ? 4 : 8);
  int prefixed = length > DIGEST_BLOCK;
  uint32_t v[4];
  uint8_t tail[DIGEST_BLOCK] = {0};
  for (int i = 0; i < 4; i++) v[i] = prefixed ? key[i] ^ whole[i] : key[i];
  for (uint32_t done = 0; done < length; done += DIGEST_BLOCK) {
    const uint8_t *block = payload + done;
    uint32_t left = length - done;
    if (left < DIGEST_BLOCK) {
      block = memcpy(tail, block, left);
      tail[left] = 1;
    }
    for (int i = 0; i < 4; i++) v[i] ^= le32(block + 4 * i) ^ (left <= DIGEST_BLOCK ? last[i] : 0);
    for (int round = 0; round < 8; round++) {
      v[0] += v[1], v[1] = rotated(v[1], 5) ^ v[0], v[0] = rotated(v[0], 16);
      v[2] += v[3], v[3] = rotated(v[3], 8) ^ v[2];
      v[0] += v[3], v[3] = rotated(v[3], 13) ^ v[0];
      v[2] += v[1], v[1] = rotated(v[1], 7) ^ v[2], v[2] = rotated(v[2], 16);
    }
    if (done == 0) result[0] = v[0] ^ whole[0];
  }
  if (!prefixed) result[0] = v[0] ^ last[0];
  result[1] = v[1] ^ last[1];
}

/* KeyedDigest.ofMac */
static inline uint32_t digest_mac(const Key *key, const uint8_t *address) {
  uint32_t h = (be32(address + 2) ^ key->words[0]) * 0x9e3779b1;
  h ^= (be16(address) ^ key->words[1]) * 0x85ebca6b;
  h = (h ^ h >> 15) * 0xc2b2ae35;
  h ^= h >> 13;
  return h == 0 ? 1 : h;
}

/* ---- headers; each function says whether what it read is plain ---- */

static inline int read_ethernet(Packet *p, const Key *key) {
  if (p->end < 14) return 0;
  p->destination_mac = digest_mac(key, p->bytes);
  p->source_mac = digest_mac(key, p->bytes + 6);
  p->type = be16(p->bytes + 12);
  p->at = 14;
  return 1;
}

static inline int read_cooked2(Packet *p, const Key *key) {
  enum { IFINDEX = 4, HARDWARE = 8, PACKET_TYPE = 10, LENGTH = 11, ADDRESS = 12, HEADER = 20, NETLINK = 824 };
  if (p->end < HEADER || be16(p->bytes + HARDWARE) == NETLINK) return 0;
  p->ifindex = (int32_t)be32(p->bytes + IFINDEX);
  p->packet_type = p->bytes[PACKET_TYPE];
  if (p->bytes[LENGTH] == 6) p->source_mac = digest_mac(key, p->bytes + ADDRESS);
  p->type = be16(p->bytes);
  p->at = HEADER;
  return 1;
}

static inline int read_link(Packet *p, const Key *key, int link) {
  if (link == LINK_ETHERNET ? !read_ethernet(p, key) : link == LINK_COOKED2 ? !read_cooked2(p, key) : link != LINK_RAW)
    return 0;
  if (p->type != ETHERTYPE_VLAN) return 1;
  if (p->end - p->at < 4) return 0;
  p->vlan = be16(p->bytes + p->at) & 0x0fff;
  p->type = be16(p->bytes + p->at + 2);
  p->at += 4;
  return 1;
}

static inline int read_ipv4(Packet *p) {
  const uint8_t *h = p->bytes + p->at;
  if (p->end - p->at < 20) return 0;
  p->length = be16(h + 2);
  if (h[0] != 0x45 || p->length < 20 || (be16(h + 6) & 0x3fff) != 0 || h[9] != PROTOCOL_TCP) return 0;
  p->version = 4;
  p->label = 0;
  p->tos = h[1];
  p->id = be16(h + 4);
  p->dont_fragment = h[6] >> 6 & 1;
  p->ttl = h[8];
  /* IPv4-mapped */
  p->source[0] = p->source[1] = p->destination[0] = p->destination[1] = 0;
  p->source[2] = p->destination[2] = 0xffff;
  p->source[3] = be32(h + 12);
  p->destination[3] = be32(h + 16);
  p->at += 20;
  return 1;
}

static inline int read_ipv6(Packet *p) {
  const uint8_t *h = p->bytes + p->at;
  if (p->end - p->at < 40) return 0;
  uint32_t first = be32(h), payload = be16(h + 4);
  if (first >> 28 != 6 || payload == 0 || h[6] != PROTOCOL_TCP) return 0;
  p->version = 6;
  p->id = p->dont_fragment = 0;
  p->length = 40 + payload;
  p->tos = first >> 20 & 0xff;
  p->label = first & 0xfffff;
  p->ttl = h[7];
  for (int i = 0; i < 4; i++) {
    p->source[i] = be32(h + 8 + 4 * i);
    p->destination[i] = be32(h + 24 + 4 * i);
  }
  p->at += 40;
  return 1;
}

/* The IP header, and where the IP packet ends: what follows is padding. */
static inline int read_network(Packet *p) {
  uint32_t start = p->at;
  int plain = p->type == ETHERTYPE_IPV4 ? read_ipv4(p) : p->type == ETHERTYPE_IPV6 ? read_ipv6(p) : 0;
  if (!plain || p->length > p->wire_end - start) return 0;
  p->wire_end = start + p->length;
  if (p->end > p->wire_end) p->end = p->wire_end;
  return p->at <= p->end;
}

/* An option of `option[1]` bytes; 0 for another kind or length. */
static inline int read_option(Packet *p, const uint8_t *option) {
  enum { MSS = 2, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 8, MOST_BLOCKS = 4 };
  enum { SEEN_MSS = 1, SEEN_WINDOW_SCALE = 2, SEEN_SACK_PERMITTED = 4, SEEN_SACK = 8, SEEN_TIMESTAMPS = 16 };
  uint32_t length = option[1];
  if (option[0] == TIMESTAMPS && length == 10) {
    p->options |= SEEN_TIMESTAMPS;
    p->stamp = be32(option + 2);
    p->echo = be32(option + 6);
  } else if (option[0] == SACK) {
    p->options |= SEEN_SACK;
    p->sack = option + 2;
    p->sacks = (length - 2) / 8;
    if (p->sacks > MOST_BLOCKS) p->sacks = MOST_BLOCKS;
  } else if (option[0] == MSS && length == 4) {
    p->options |= SEEN_MSS;
    p->mss = be16(option + 2);
  } else if (option[0] == WINDOW_SCALE && length == 3) {
    p->options |= SEEN_WINDOW_SCALE;
    p->wscale = option[2];
  } else if (option[0] == SACK_PERMITTED && length == 2) {
    p->options |= SEEN_SACK_PERMITTED;
  } else {
    return 0;
  }
  return 1;
}

/* TCP options, all of them captured. */
static inline int read_options(Packet *p, uint32_t at, uint32_t end) {
  enum { END, NOP };
  p->options = p->order = p->mss = p->stamp = p->echo = p->sacks = 0;
  p->wscale = NO_WSCALE;
  p->sack = NULL;
  while (at < end && p->bytes[at] != END) {
    const uint8_t *option = p->bytes + at;
    if (option[0] == NOP) {
      at++;
      continue;
    }
    if (end - at < 2 || option[1] < 2 || option[1] > end - at || !read_option(p, option)) return 0;
    p->order = (p->order ^ 0x811c9dc5) * 0x01000193 ^ option[0];
    at += option[1];
  }
  return 1;
}

/* A payload that the decoder would look into further is not plain; records of TLS that only tell their type are. */
static inline int read_payload(Packet *p, uint32_t at) {
  static const char methods[][5] = {"HTTP", "GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "TRAC"};
  enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA, LONGEST_RECORD = 16384 + 2048 };
  const uint8_t *b = p->bytes + at;
  p->tls = 0;
  if (p->end - at < 5) return 1;
  if (b[0] >= CHANGE_CIPHER_SPEC && b[0] <= APPLICATION_DATA && b[1] == 3 && b[2] <= 4) {
    uint32_t length = be16(b + 3);
    if (length == 0 || length > LONGEST_RECORD) return 1;
    p->tls = b[0];
    return b[0] != ALERT && b[0] != HANDSHAKE;
  }
  if (p->end - at < 12 || b[0] < 'A' || b[0] > 'Z') return 1;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (memcmp(b, methods[i], 4) == 0) return 0;
  return 1;
}

static inline int is_dns(uint32_t port) { return port == 53 || port == 5353 || port == 5355; }

/* ---- the row ---- */

static inline uint32_t folded(uint32_t sum) {
  uint32_t once = (sum >> 16) + (sum & 0xffff);
  return ((once >> 16) + once) & 0xffff;
}

/* checksumState of checksum.ts, for the segment at `p->at` */
static inline uint8_t checksum_of(const Packet *p) {
  enum { UNKNOWN, OK, BAD, PARTIAL };
  const uint8_t *segment = p->bytes + p->at;
  uint32_t length = p->wire_end - p->at, sum = PROTOCOL_TCP + length, pseudo;
  for (int i = p->version == 4 ? 3 : 0; i < 4; i++)
    sum += (p->source[i] >> 16) + (p->source[i] & 0xffff) + (p->destination[i] >> 16) + (p->destination[i] & 0xffff);
  pseudo = folded(sum);
  int whole = length <= VERIFIED_BYTES && p->end == p->wire_end;
  if (whole) {
    for (uint32_t i = 0; i + 2 <= length; i += 2) sum += be16(segment + i);
    if (length & 1) sum += (uint32_t)segment[length - 1] << 8;
    if (folded(sum) == 0xffff) return OK;
  }
  if (be16(segment + 16) == pseudo) return PARTIAL;
  return whole ? BAD : UNKNOWN;
}

/* writePayload of payload.ts, for the payload at `at` */
static inline void write_payload(const Table *t, uint32_t row, const Packet *p, uint32_t at, const Key *key) {
  uint32_t length = p->wire_end - at, covered = p->end > at ? p->end - at : 0, digest[2] = {0, 0};
  if (covered > DIGEST_BYTES) covered = DIGEST_BYTES;
  /* Of what the snaplen cut, whole blocks. */
  if (covered < length && covered > DIGEST_BLOCK) covered &= ~(uint32_t)(DIGEST_BLOCK - 1);
  if (covered > 0 && key->quick) digest_quick(p->bytes + at, covered, digest);
  else if (covered > 0) digest_keyed(key->words, p->bytes + at, covered, digest);
  t->payloadLength[row] = length;
  t->digestHigh[row] = digest[0];
  t->digestLow[row] = digest[1];
  t->digestLength[row] = (uint8_t)covered;
}

static inline void write_network(const Table *t, uint32_t row, const Packet *p) {
  t->ifindex[row] = p->ifindex;
  t->packetType[row] = (uint8_t)p->packet_type;
  t->vlan[row] = (uint16_t)p->vlan;
  t->sourceMac[row] = p->source_mac;
  t->destinationMac[row] = p->destination_mac;
  t->ipVersion[row] = (uint8_t)p->version;
  memcpy(t->source + 4 * row, p->source, sizeof p->source);
  memcpy(t->destination + 4 * row, p->destination, sizeof p->destination);
  t->ttl[row] = (uint8_t)p->ttl;
  t->tos[row] = (uint8_t)p->tos;
  t->ipId[row] = p->id;
  t->ipFlags[row] = (uint8_t)p->dont_fragment;
  t->fragmentOffset[row] = 0;
  t->flowLabel[row] = p->label;
  t->ipLength[row] = p->length;
  t->protocol[row] = PROTOCOL_TCP;
}

static inline void write_segment(const Table *t, uint32_t row, const Packet *p, const uint8_t *h) {
  t->layer[row] = LAYER_TRANSPORT;
  t->marks[row] = 0;
  t->sourcePort[row] = (uint16_t)be16(h);
  t->destinationPort[row] = (uint16_t)be16(h + 2);
  t->sequence[row] = be32(h + 4);
  t->acknowledgment[row] = be32(h + 8);
  t->tcpFlags[row] = be16(h + 12) & 0x1ff;
  t->window[row] = (uint16_t)be16(h + 14);
  t->urgent[row] = (uint16_t)be16(h + 18);
  t->checksum[row] = checksum_of(p);
  t->tcpOptions[row] = (uint16_t)p->options;
  t->tcpOptionOrder[row] = p->order;
  t->mss[row] = (uint16_t)p->mss;
  t->wscale[row] = (uint8_t)p->wscale;
  t->timestampValue[row] = p->stamp;
  t->timestampEcho[row] = p->echo;
  t->sackCount[row] = (uint8_t)p->sacks;
  for (uint32_t edge = 0; edge < 2 * p->sacks; edge++) t->sack[8 * row + edge] = be32(p->sack + 4 * edge);
  t->tlsRecord[row] = (uint8_t)p->tls;
}

/*
 * Writes row `row` of the table for the packet and returns 1, or returns 0 and leaves the row alone. `captured` bytes are
 * at `bytes`, `wire` were on the wire. `link` is a LINKTYPE; a packet without link header is of `type`, 0 for any IP.
 */
static inline int decode_plain(const Table *t, uint32_t row, const Key *key, const uint8_t *bytes, uint32_t captured,
                               uint32_t wire, int link, uint32_t type) {
  Packet p;
  p.bytes = bytes;
  p.at = 0;
  p.end = captured;
  p.wire_end = wire > captured ? wire : captured;
  p.type = type;
  if (type == 0 && captured > 0) p.type = bytes[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  p.vlan = NO_VLAN;
  p.packet_type = PACKET_TYPE_UNKNOWN;
  p.source_mac = p.destination_mac = 0;
  p.ifindex = 0;
  if (!read_link(&p, key, link) || !read_network(&p) || p.end - p.at < 20) return 0;
  const uint8_t *segment = bytes + p.at;
  uint32_t header = segment[12] >> 4 << 2, payload = p.at + header;
  if (header < 20 || payload > p.end || is_dns(be16(segment)) || is_dns(be16(segment + 2))) return 0;
  if (!read_options(&p, p.at + 20, payload) || !read_payload(&p, payload)) return 0;
  t->wireLength[row] = wire;
  t->capturedLength[row] = captured;
  write_network(t, row, &p);
  write_segment(t, row, &p, segment);
  write_payload(t, row, &p, payload, key);
  return 1;
}

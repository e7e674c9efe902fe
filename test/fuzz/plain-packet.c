/*
 * Feeds packets of pcap files to decode_plain, as they are, cut and changed, each in memory of just its size, so that a
 * sanitizer sees any byte that is touched outside of it or of the table. Built and run by plain-packet.test.ts.
 *
 * usage: plain-packet ROUNDS FILE.pcap...
 */
#include <stdio.h>
#include <stdlib.h>

#include "plain-packet.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ROWS = 1 };

/* A linear congruential generator (Knuth): changes only have to be many, and the same in each run. */
static uint32_t random_below(uint32_t limit) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % limit;
}

static uint64_t plain = 0, packets = 0;

static void feed(const Table *table, const Key *key, const uint8_t *bytes, uint32_t length, uint32_t wire, int link) {
  uint8_t *own = malloc(length == 0 ? 1 : length);
  memcpy(own, bytes, length);
  packets++;
  plain += (uint64_t)decode_plain(table, 0, key, own, length, wire, link, 0);
  free(own);
}

/* Few changes, most of them in the headers: what is thrown away by the first check tests nothing. */
static void feed_changed(const Table *table, const Key *key, const uint8_t *bytes, uint32_t length, uint32_t wire, int link) {
  uint8_t changed[1 << 16];
  uint32_t kept = random_below(3) == 0 ? random_below(length + 1) : length;
  memcpy(changed, bytes, kept);
  for (uint32_t changes = random_below(3); changes > 0 && kept > 0; changes--)
    changed[random_below(kept < 100 ? kept : 100)] = (uint8_t)random_below(256);
  feed(table, key, changed, kept, random_below(4) == 0 ? random_below(2000) : wire, link);
}

static void feed_file(const Table *table, const Key *key, const char *path, uint32_t rounds) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) exit(2);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(size);
  if (fread(bytes, 1, size, file) != size) exit(2);
  fclose(file);
  int link = (int)le32(bytes + 20);
  for (size_t at = FILE_HEADER; at + RECORD_HEADER <= size;) {
    uint32_t length = le32(bytes + at + 8), wire = le32(bytes + at + 12);
    const uint8_t *packet = bytes + at + RECORD_HEADER;
    if (length > size - at - RECORD_HEADER || length >= 1 << 16) break;
    feed(table, key, packet, length, wire, link);
    for (uint32_t round = 0; round < rounds; round++) feed_changed(table, key, packet, length, wire, link);
    at += RECORD_HEADER + length;
  }
  free(bytes);
}

int main(int count, char **arguments) {
  Table table = {.capacity = ROWS};
#define ALLOCATE(name, type, kind, elements) table.name = malloc(ROWS * elements * sizeof(type));
  COLUMNS(ALLOCATE)
  Key keys[2] = {{.words = {1, 2, 3}, .quick = 0}, {.words = {1, 2, 3}, .quick = 1}};
  for (int i = 2; i < count; i++) feed_file(&table, &keys[i % 2], arguments[i], (uint32_t)atoi(arguments[1]));
#define FREE(name, type, kind, elements) free(table.name);
  COLUMNS(FREE)
  printf("%llu packets, %llu plain\n", (unsigned long long)packets, (unsigned long long)plain);
  return 0;
}

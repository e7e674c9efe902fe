/*
 * Plays the packets of a pcap file into an interface, over and over, at a steady rate:
 *   player INTERFACE FILE PACKETS_PER_SECOND PACKETS
 * and prints the seconds that it took. tcpreplay makes one system call a packet, which on two cores that it shares with
 * whoever receives is 390 000 a second at best; here one call sends a burst, past the queueing discipline.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>

/* A tenth of a millisecond at 500 000/s: as even as a fast network delivers. */
enum { BURST = 50 };
/* A pcap file's own header, a record's, and where in that the captured length is. */
enum { FILE_HEADER = 24, RECORD_HEADER = 16, CAPTURED = 8, MOST_PACKETS = 1 << 20 };

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* The packets of a file, each as what to send; returns how many. */
static size_t read_packets(const char *path, struct iovec *packets) {
  struct stat about;
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &about) != 0) give_up(path);
  uint8_t *bytes = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (bytes == MAP_FAILED) give_up(path);
  size_t count = 0;
  for (off_t at = FILE_HEADER; at + RECORD_HEADER <= about.st_size && count < MOST_PACKETS; count++) {
    uint32_t captured;
    memcpy(&captured, bytes + at + CAPTURED, sizeof captured);
    packets[count] = (struct iovec){.iov_base = bytes + at + RECORD_HEADER, .iov_len = captured};
    at += RECORD_HEADER + captured;
  }
  return count;
}

static int open_socket(const char *interface) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) give_up(interface);
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) give_up("PACKET_QDISC_BYPASS");
  return fd;
}

/* Waits until its turn has come; a sleep takes 50 us and more, so the last of it is spent looking. */
static void wait_until(double due) {
  enum { SLEEP_NS = 20000 };
  static const struct timespec nap = {.tv_nsec = SLEEP_NS};
  while (due - now() > 2e-4) nanosleep(&nap, NULL);
  while (now() < due) {
  }
}

int main(int argc, char **argv) {
  static struct iovec packets[MOST_PACKETS];
  if (argc != 5) return fprintf(stderr, "usage: player INTERFACE FILE PACKETS_PER_SECOND PACKETS\n"), 2;
  size_t count = read_packets(argv[2], packets), next = 0;
  double rate = atof(argv[3]);
  long wanted = atol(argv[4]);
  int fd = open_socket(argv[1]);
  if (count == 0) return fprintf(stderr, "%s holds no packets\n", argv[2]), 1;
  struct mmsghdr burst[BURST];
  double started = now();
  for (long sent = 0; sent < wanted;) {
    int size = 0;
    for (; size < BURST && sent + size < wanted; size++, next = (next + 1) % count)
      burst[size] = (struct mmsghdr){.msg_hdr = {.msg_iov = &packets[next], .msg_iovlen = 1}};
    wait_until(started + sent / rate);
    for (int done = 0; done < size;) {
      int taken = sendmmsg(fd, burst + done, size - done, 0);
      if (taken < 0) give_up("sendmmsg");
      done += taken;
    }
    sent += size;
  }
  printf("%.6f\n", now() - started);
  return 0;
}

/*
 * A packet socket with a ring in shared memory (packet(7), TPACKET_V3), for the capture back end packet-mmap.
 *
 * All that is done here is what JavaScript cannot: system calls, and waiting for the socket in the event loop of the
 * thread that opened it. There is no other thread. The ring is handed out as one ArrayBuffer; what is in it, JavaScript
 * reads and gives back to the kernel block by block. Errors are thrown with the name of the errno as their `code`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/*
 * Raised with every change that JavaScript has to know of (REVISION of src/capture/packet-mmap/addon.ts): one that is
 * left of an older build is then told from one that fits.
 */
enum { REVISION = 2 };

/* The kernel wants it for its arithmetic; packets of TPACKET_V3 lie one after the other whatever it is. */
enum { FRAME_BYTES = 2048 };

/* Arguments of `open`. */
enum { INTERFACE, DATAGRAM, PROMISCUOUS, PROGRAM, BLOCK_BYTES, BLOCKS, RETIRE_MS, ON_READABLE, OPEN_ARGUMENTS };

/* The mapping outlives the socket until JavaScript has let go of the ArrayBuffer. */
typedef struct {
  void *at;
  size_t bytes;
} Mapping;

typedef struct {
  napi_env env;
  uv_poll_t poll;
  int fd; /* -1 once closed */
  Mapping mapping;
  napi_ref on_readable;
  /* The handle of JavaScript is garbage, and libuv has let go of `poll`: with both this can be freed. */
  int unreachable, released;
} Ring;

static napi_value fail(napi_env env, const char *what) {
  napi_throw_error(env, uv_err_name(-errno), what);
  return NULL;
}

static int attach(int fd, const void *program, size_t bytes) {
  struct sock_fprog filter = {.len = (unsigned short)(bytes / sizeof(struct sock_filter)),
                              .filter = (struct sock_filter *)program};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

/* ---- the end of a ring ---- */

static void unmap(napi_env env, void *data, void *hint) {
  Mapping *mapping = hint;
  munmap(mapping->at, mapping->bytes);
  free(mapping);
}

static void free_if_done(Ring *ring) {
  if (ring->unreachable && ring->released) free(ring);
}

static void on_released(uv_handle_t *handle) {
  Ring *ring = handle->data;
  ring->released = 1;
  free_if_done(ring);
}

static void shut(void *data) {
  Ring *ring = data;
  if (ring->fd < 0) return;
  napi_remove_env_cleanup_hook(ring->env, shut, ring);
  uv_close((uv_handle_t *)&ring->poll, on_released);
  /*
   * The mapping keeps the socket alive, so it goes now: empty memory takes its place until the ArrayBuffer is collected.
   * Detaching the ArrayBuffer would do as well, but from the first one that is detached V8 looks at every access to any
   * typed array whether it still is attached, which costs a fifth of the decoder's speed.
   */
  mmap(ring->mapping.at, ring->mapping.bytes, PROT_READ | PROT_WRITE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  close(ring->fd);
  ring->fd = -1;
  napi_delete_reference(ring->env, ring->on_readable);
}

static void forget(napi_env env, void *data, void *hint) {
  Ring *ring = data;
  shut(ring);
  ring->unreachable = 1;
  free_if_done(ring);
}

/* ---- waiting ---- */

/* Tells JavaScript that a block is full or its time is over, or the name of the socket's error. */
static void on_poll(uv_poll_t *poll, int status, int events) {
  Ring *ring = poll->data;
  napi_env env = ring->env;
  napi_handle_scope scope;
  napi_value error, receiver, callback;
  napi_open_handle_scope(env, &scope);
  napi_get_null(env, &error);
  if (status < 0) {
    int code = 0;
    socklen_t length = sizeof code;
    getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &code, &length);
    napi_create_string_utf8(env, uv_err_name(code != 0 ? -code : status), NAPI_AUTO_LENGTH, &error);
  }
  napi_get_global(env, &receiver);
  napi_get_reference_value(env, ring->on_readable, &callback);
  if (napi_make_callback(env, NULL, receiver, callback, 1, &error, NULL) == napi_pending_exception) {
    napi_value thrown;
    napi_get_and_clear_last_exception(env, &thrown);
    napi_fatal_exception(env, thrown);
  }
  napi_close_handle_scope(env, scope);
}

/* ---- the beginning of a ring ---- */

/* A bound socket with a mapped ring, or -1 with errno set, and `step` says at what. Bound last: nothing comes unfiltered. */
static int open_socket(const int64_t *wanted, const void *program, size_t program_bytes, Mapping *mapping,
                       const char **step) {
  *step = "socket";
  int fd = socket(AF_PACKET, (wanted[DATAGRAM] ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  mapping->at = MAP_FAILED;
  mapping->bytes = (size_t)wanted[BLOCK_BYTES] * (size_t)wanted[BLOCKS];
  int version = TPACKET_V3;
  struct tpacket_req3 ring = {.tp_block_size = (unsigned)wanted[BLOCK_BYTES],
                              .tp_block_nr = (unsigned)wanted[BLOCKS],
                              .tp_frame_size = FRAME_BYTES,
                              .tp_frame_nr = (unsigned)(mapping->bytes / FRAME_BYTES),
                              .tp_retire_blk_tov = (unsigned)wanted[RETIRE_MS]};
  struct packet_mreq promiscuous = {.mr_ifindex = (int)wanted[INTERFACE], .mr_type = PACKET_MR_PROMISC};
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = (int)wanted[INTERFACE]};
  int error = 0;
  socklen_t length = sizeof error;
  *step = "filter";
  if (attach(fd, program, program_bytes) != 0) goto failed;
  *step = "ring";
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0) goto failed;
  if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0) goto failed;
  mapping->at = mmap(NULL, mapping->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapping->at == MAP_FAILED) goto failed;
  /* Programs that the agent starts have no use for it, and copying the tables of its pages takes longer than all else of a fork. */
  madvise(mapping->at, mapping->bytes, MADV_DONTFORK);
  *step = "bind";
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) goto failed;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) goto failed;
  if ((errno = error) != 0) goto failed;
  *step = "promiscuous mode";
  if (wanted[PROMISCUOUS] &&
      setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0)
    goto failed;
  return fd;

failed:
  error = errno;
  if (mapping->at != MAP_FAILED) munmap(mapping->at, mapping->bytes);
  close(fd);
  errno = error;
  return -1;
}

/* The ring's ArrayBuffer; NULL with an exception pending, the mapping gone. */
static napi_value memory_of(napi_env env, const Mapping *mapping) {
  napi_value memory;
  Mapping *owned = malloc(sizeof *owned);
  *owned = *mapping;
  if (napi_create_external_arraybuffer(env, mapping->at, mapping->bytes, unmap, owned, &memory) == napi_ok) return memory;
  unmap(env, NULL, owned);
  napi_throw_error(env, "ENOTSUP", "this runtime lets no memory of others in");
  return NULL;
}

/* open(interface, datagram, promiscuous, program, blockBytes, blocks, retireMs, onReadable): { handle, memory } */
static napi_value open_ring(napi_env env, napi_callback_info info) {
  napi_value arguments[OPEN_ARGUMENTS], result, handle;
  size_t count = OPEN_ARGUMENTS, program_bytes;
  int64_t wanted[OPEN_ARGUMENTS] = {0};
  void *program;
  const char *step;
  Mapping mapping;
  uv_loop_t *loop;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  for (int i = 0; i < OPEN_ARGUMENTS; i++) napi_get_value_int64(env, arguments[i], &wanted[i]);
  if (napi_get_typedarray_info(env, arguments[PROGRAM], NULL, &program_bytes, &program, NULL, NULL) != napi_ok)
    return NULL;
  int fd = open_socket(wanted, program, program_bytes, &mapping, &step);
  if (fd < 0) return fail(env, step);
  napi_value memory = memory_of(env, &mapping);
  if (memory == NULL) {
    close(fd);
    return NULL;
  }
  Ring *ring = calloc(1, sizeof *ring);
  *ring = (Ring){.env = env, .fd = fd, .mapping = mapping};
  ring->poll.data = ring;
  napi_create_reference(env, arguments[ON_READABLE], 1, &ring->on_readable);
  napi_get_uv_event_loop(env, &loop);
  uv_poll_init(loop, &ring->poll, fd);
  napi_add_env_cleanup_hook(env, shut, ring);
  napi_create_external(env, ring, forget, NULL, &handle);
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "handle", handle);
  napi_set_named_property(env, result, "memory", memory);
  return result;
}

/* ---- what is asked of an open ring ---- */

/* The ring of a call, its further arguments in `arguments` from 1; NULL with an exception pending when it is closed. */
static Ring *ring_of(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  Ring *ring = NULL;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_external(env, arguments[0], (void **)&ring);
  if (ring != NULL && ring->fd >= 0) return ring;
  errno = EBADF;
  fail(env, "the ring is closed");
  return NULL;
}

/* watch(handle, on): calls onReadable, or stops it */
static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  bool on = false;
  Ring *ring = ring_of(env, info, 2, arguments);
  if (ring == NULL) return NULL;
  napi_get_value_bool(env, arguments[1], &on);
  if (on) uv_poll_start(&ring->poll, UV_READABLE, on_poll);
  else uv_poll_stop(&ring->poll);
  return NULL;
}

/* filter(handle, program): from now on this one */
static napi_value filter(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t bytes;
  void *program;
  Ring *ring = ring_of(env, info, 2, arguments);
  if (ring == NULL) return NULL;
  if (napi_get_typedarray_info(env, arguments[1], NULL, &bytes, &program, NULL, NULL) != napi_ok) return NULL;
  return attach(ring->fd, program, bytes) == 0 ? NULL : fail(env, "filter");
}

/* statistics(handle, into): packets and drops since the last call, into two 32-bit words */
static napi_value statistics(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  void *into;
  size_t words;
  struct tpacket_stats_v3 counters;
  socklen_t length = sizeof counters;
  Ring *ring = ring_of(env, info, 2, arguments);
  if (ring == NULL) return NULL;
  if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &counters, &length) != 0) return fail(env, "statistics");
  if (napi_get_typedarray_info(env, arguments[1], NULL, &words, &into, NULL, NULL) != napi_ok || words < 2) return NULL;
  ((uint32_t *)into)[0] = counters.tp_packets;
  ((uint32_t *)into)[1] = counters.tp_drops;
  return NULL;
}

/* close(handle): no packets any more, and the ring's memory is empty */
static napi_value close_ring(napi_env env, napi_callback_info info) {
  napi_value argument;
  Ring *ring = ring_of(env, info, 1, &argument);
  if (ring != NULL) shut(ring);
  return NULL;
}

/* ---- what is asked without a ring ---- */

/* probe(): throws unless this process may open packet sockets */
static napi_value probe(napi_env env, napi_callback_info info) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(env, "socket");
  close(fd);
  return NULL;
}

/* interfaceIndex(name): 0 when there is none of this name in this network namespace */
static napi_value interface_index(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  /* One more than the kernel takes, so that a name that is too long is not cut to one that exists. */
  char name[IF_NAMESIZE + 1] = "";
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, name, sizeof name, NULL);
  napi_create_uint32(env, strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0, &result);
  return result;
}

/* interfaceExists(index) */
static napi_value interface_exists(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  uint32_t index = 0;
  char name[IF_NAMESIZE];
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_uint32(env, argument, &index);
  napi_get_boolean(env, if_indextoname(index, name) != NULL, &result);
  return result;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"open", open_ring},     {"watch", watch},  {"filter", filter},
                   {"statistics", statistics}, {"close", close_ring}, {"probe", probe},
                   {"interfaceIndex", interface_index}, {"interfaceExists", interface_exists}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  napi_value page_bytes, revision;
  napi_create_uint32(env, REVISION, &revision);
  napi_set_named_property(env, exports, "revision", revision);
  napi_create_uint32(env, (uint32_t)sysconf(_SC_PAGESIZE), &page_bytes);
  napi_set_named_property(env, exports, "pageBytes", page_bytes);
  return exports;
}

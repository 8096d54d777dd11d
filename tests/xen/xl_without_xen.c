/* Stand-ins for the hypervisor and xenstore, loaded before xl's own libraries, so that `xl -N create FILE`, which only
 * reads FILE, runs on any machine. The host they pretend has 4 CPUs and one NUMA node. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static long nothing(void) { errno = ENOSYS; return -1; }

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags) { return calloc(1, 4096); }
int xc_interface_close(void *handle) { return 0; }
int xc_get_max_cpus(void *handle) { return 4; }
int xc_get_online_cpus(void *handle) { return 4; }
int xc_get_max_nodes(void *handle) { return 1; }
int xc_physinfo(void *handle, void *info) { return nothing(); }
int xc_version(void *handle, int command, void *argument) { return nothing(); }
int xc_numainfo(void *handle, unsigned *max, void *info, void *dist) { return nothing(); }
int xc_cputopoinfo(void *handle, unsigned *max, void *info) { return nothing(); }
void *xs_open(unsigned long flags) { return calloc(1, 256); }
void xs_close(void *handle) {}
void *xs_read(void *h, unsigned t, const char *path, unsigned *len) { errno = ENOENT; return NULL; }
int xs_watch(void *h, const char *path, const char *token) { return 1; }
int xs_fileno(void *h) { return -1; }
void *libxl_get_version_info(void *ctx) { return NULL; }
/* struct libxl_physinfo: five 32-bit numbers, seven 64-bit ones, of which the last is max_possible_mfn, then nr_nodes. */
int libxl_get_physinfo(void *ctx, char *info)
{
    *(unsigned long *)(info + 24 + 6 * 8) = 0x100000;
    *(unsigned *)(info + 24 + 7 * 8) = 1;
    return 0;
}
int xencall0(void *h, unsigned op) { return nothing(); }
int xencall1(void *h, unsigned op) { return nothing(); }
int xencall2(void *h, unsigned op) { return nothing(); }
int xencall3(void *h, unsigned op) { return nothing(); }
int xencall5(void *h, unsigned op) { return nothing(); }
int libxl_node_to_cpumap(void *ctx, int node, void *map) { return node == 0 ? 0 : -3; }

/* Stand-ins for the hypervisor and xenstore, loaded before xl's own libraries, so that Debian's real xl runs on any
 * machine: `xl -N create FILE`, which only reads FILE, and `xl create FILE` as far as to the first call that makes a
 * domain, which fails. The host they pretend has 4 CPUs (and places for 1024, so that no pinning is refused
 * for this host's sake), 4 GiB, one NUMA node and hardware virtualisation. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int nothing(void)
{
    errno = ENOSYS;
    return -1;
}

/* The hypervisor: libxenctrl, libxencall. */
void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags) { return calloc(1, 4096); }
int xc_interface_close(void *handle) { return 0; }
int xc_get_max_cpus(void *handle) { return 1024; }
int xc_get_online_cpus(void *handle) { return 4; }
int xc_get_max_nodes(void *handle) { return 1; }
int xc_physinfo(void *handle, void *info) { return nothing(); }
int xc_version(void *handle, int command, void *argument) { return nothing(); }
int xc_numainfo(void *handle, unsigned *max, void *info, void *distances) { return nothing(); }
int xc_cputopoinfo(void *handle, unsigned *max, void *info) { return nothing(); }
int xc_domain_create(void *handle, unsigned *domid, void *config) { return nothing(); }
int xencall0(void *handle, unsigned op) { return nothing(); }
int xencall1(void *handle, unsigned op) { return nothing(); }
int xencall2(void *handle, unsigned op) { return nothing(); }
int xencall3(void *handle, unsigned op) { return nothing(); }
int xencall5(void *handle, unsigned op) { return nothing(); }

/* xenstore: empty, and takes all that is written. */
void *xs_open(unsigned long flags) { return calloc(1, 256); }
void xs_close(void *handle) {}
int xs_fileno(void *handle) { return -1; }
void *xs_read(void *handle, unsigned transaction, const char *path, unsigned *length)
{
    errno = ENOENT;
    return NULL;
}
char **xs_directory(void *handle, unsigned transaction, const char *path, unsigned *count)
{
    *count = 0;
    errno = ENOENT;
    return NULL;
}
int xs_write(void *handle, unsigned transaction, const char *path, const void *data, unsigned length) { return 1; }
int xs_mkdir(void *handle, unsigned transaction, const char *path) { return 1; }
int xs_rm(void *handle, unsigned transaction, const char *path) { return 1; }
int xs_watch(void *handle, const char *path, const char *token) { return 1; }
int xs_unwatch(void *handle, const char *path, const char *token) { return 1; }
unsigned xs_transaction_start(void *handle) { return 1; }
int xs_transaction_end(void *handle, unsigned transaction, int abort) { return 1; }
char *xs_get_domain_path(void *handle, unsigned domid) { return strdup("/local/domain/0"); }

/* What libxl makes of them. */
int libxl_cpupoolid_is_valid(void *ctx, unsigned pool) { return 1; }
char *libxl_cpupoolid_to_name(void *ctx, unsigned pool) { return strdup("Pool-0"); }
struct bitmap { unsigned size; unsigned char *map; };
int libxl_node_to_cpumap(void *ctx, int node, struct bitmap *map)
{
    memset(map->map, 0, map->size);
    if (node >= 0 && node < 64)
        map->map[0] = 0xf;
    return 0;
}
void *libxl_get_version_info(void *ctx)
{
    static char all_zero[4096];
    return all_zero;
}
/* struct libxl_physinfo: five 32-bit numbers, seven 64-bit ones (total, free, ..., max_possible_mfn), nr_nodes, eight
 * words of CPU features, and flags, of which the first four are hvm, pv, directio of both. */
int libxl_get_physinfo(void *ctx, char *info)
{
    *(unsigned *)info = 1;
    *(unsigned *)(info + 4) = 4;
    *(unsigned *)(info + 8) = 3;
    *(unsigned *)(info + 12) = 4;
    *(unsigned long *)(info + 24) = 1 << 20;
    *(unsigned long *)(info + 32) = 1 << 19;
    *(unsigned long *)(info + 72) = 1 << 20;
    *(unsigned *)(info + 80) = 1;
    memset(info + 116, 1, 4);
    return 0;
}

/* xl.conf: dom0 keeps its memory. */
int libxl_read_file_contents(void *ctx, const char *path, void **data, int *length)
{
    static const char settings[] = "autoballoon=\"off\"\n";
    int (*real)(void *, const char *, void **, int *) = dlsym(RTLD_NEXT, "libxl_read_file_contents");
    if (strcmp(path, "/etc/xen/xl.conf"))
        return real(ctx, path, data, length);
    *data = strdup(settings);
    *length = sizeof settings - 1;
    return 0;
}

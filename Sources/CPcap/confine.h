#ifndef KOS_CONFINE_H
#define KOS_CONFINE_H

/* What a process that reads strangers' packets gives up: Landlock (files) and seccomp (system
   calls). Both are the kernel's own interfaces, which Swift cannot call: syscall takes a variable
   number of arguments. */

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int kos_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Whether this program began with more rights than its caller has. */
static inline int kos_is_privileged(void) {
    return getauxval(AT_SECURE) != 0;
}

/* No capability is left, nor one that a program started later would get. */
static inline int kos_drop_capabilities(void) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &head, none);
}

static inline int kos_landlock_allow(int rules, int folder, uint64_t access) {
    struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = folder};
    return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

/* From now on no file can be opened but to read the kernel's counters under /sys, and to write
   beneath the `count` folders. 0; -1 with errno where the kernel has no Landlock. */
static inline int kos_confine_files(const int *folders, int count) {
    const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    const uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG
        | LANDLOCK_ACCESS_FS_REMOVE_FILE;
    /* All thirteen rights of the first version. */
    struct landlock_ruleset_attr all = {.handled_access_fs = (1ULL << 13) - 1};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all.handled_access_fs, 0);
    if (rules < 0) return -1;
    int counters = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (counters >= 0) {
        kos_landlock_allow(rules, counters, reading);
        close(counters);
    }
    for (int index = 0; index < count; index++) kos_landlock_allow(rules, folders[index], writing);
    int result = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    int reason = errno;
    close(rules);
    errno = reason;
    return result;
}

#if defined(__x86_64__)
#define KOS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define KOS_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define KOS_ALLOW(name) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* From now on every other system call fails with EPERM: no program is started, no connection made,
   no other process touched. 0; -1 with errno where the kernel has no seccomp. */
static inline int kos_confine_calls(void) {
#ifndef KOS_ARCHITECTURE
    errno = ENOSYS;
    return -1;
#else
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KOS_ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        KOS_ALLOW(read), KOS_ALLOW(write), KOS_ALLOW(writev), KOS_ALLOW(readv), KOS_ALLOW(close),
        KOS_ALLOW(ppoll), KOS_ALLOW(mmap), KOS_ALLOW(munmap), KOS_ALLOW(mremap), KOS_ALLOW(mprotect),
        KOS_ALLOW(madvise), KOS_ALLOW(brk), KOS_ALLOW(futex), KOS_ALLOW(clock_gettime),
        KOS_ALLOW(clock_nanosleep), KOS_ALLOW(gettimeofday), KOS_ALLOW(getrandom), KOS_ALLOW(exit),
        KOS_ALLOW(exit_group), KOS_ALLOW(rt_sigaction), KOS_ALLOW(rt_sigprocmask),
        KOS_ALLOW(rt_sigreturn), KOS_ALLOW(restart_syscall), KOS_ALLOW(sigaltstack),
        KOS_ALLOW(getpid), KOS_ALLOW(gettid), KOS_ALLOW(tgkill), KOS_ALLOW(fstat),
        KOS_ALLOW(newfstatat), KOS_ALLOW(lseek), KOS_ALLOW(fcntl), KOS_ALLOW(ioctl),
        KOS_ALLOW(fsync), KOS_ALLOW(fchmod), KOS_ALLOW(getsockopt), KOS_ALLOW(setsockopt),
        KOS_ALLOW(recvfrom), KOS_ALLOW(recvmsg), KOS_ALLOW(sched_yield), KOS_ALLOW(openat),
        KOS_ALLOW(faccessat), KOS_ALLOW(unlinkat), KOS_ALLOW(renameat), KOS_ALLOW(renameat2),
        KOS_ALLOW(getuid), KOS_ALLOW(geteuid), KOS_ALLOW(getgid), KOS_ALLOW(getegid),
        /* A tshark that was started before is waited for. */
        KOS_ALLOW(wait4),
#ifdef SYS_faccessat2
        KOS_ALLOW(faccessat2),
#endif
#ifdef __x86_64__
        KOS_ALLOW(poll), KOS_ALLOW(select), KOS_ALLOW(open), KOS_ALLOW(stat), KOS_ALLOW(rename),
        KOS_ALLOW(unlink), KOS_ALLOW(time), KOS_ALLOW(access), KOS_ALLOW(arch_prctl),
#endif
        /* Local sockets, over which interfaces are asked for their names. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {
        .len = (unsigned short)(sizeof filter / sizeof filter[0]), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
#endif
}

#endif

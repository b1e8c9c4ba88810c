#include "host/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* jail: a filter that is a list of what is allowed; everything else fails with EPERM. */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ARG_LOW(i) (offsetof(struct seccomp_data, args) + 8 * (i)) /* little-endian: flags and descriptors */
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define REFUSE RETURN(SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))
#define ALLOW RETURN(SECCOMP_RET_ALLOW)
/* The number is in A. */
#define ALLOW_CALL(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), ALLOW

/* Flags of openat that may change something. */
enum { OPEN_WRITES = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND };

int jail_enter(void)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		REFUSE,
		LOAD(nr),
		/* write, writev: to 1 and 2 only */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_writev, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
		ALLOW,
		REFUSE,
		/* openat: for reading */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG_LOW(2)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, OPEN_WRITES, 1, 0),
		ALLOW,
		REFUSE,
		ALLOW_CALL(SYS_read),
		ALLOW_CALL(SYS_readv),
		ALLOW_CALL(SYS_pread64),
		ALLOW_CALL(SYS_lseek),
		ALLOW_CALL(SYS_close),
		ALLOW_CALL(SYS_fstat),
#ifdef SYS_stat
		ALLOW_CALL(SYS_stat),
#endif
#ifdef SYS_newfstatat
		ALLOW_CALL(SYS_newfstatat),
#endif
		ALLOW_CALL(SYS_statx),
		ALLOW_CALL(SYS_getdents64),
		ALLOW_CALL(SYS_mmap),
		ALLOW_CALL(SYS_munmap),
		ALLOW_CALL(SYS_mremap),
		ALLOW_CALL(SYS_mprotect),
		ALLOW_CALL(SYS_madvise),
		ALLOW_CALL(SYS_brk),
		ALLOW_CALL(SYS_futex),
		ALLOW_CALL(SYS_clock_gettime),
		ALLOW_CALL(SYS_clock_nanosleep),
		ALLOW_CALL(SYS_nanosleep),
		ALLOW_CALL(SYS_gettimeofday),
		ALLOW_CALL(SYS_getrandom),
		ALLOW_CALL(SYS_getpid),
		ALLOW_CALL(SYS_gettid),
		ALLOW_CALL(SYS_rt_sigaction),
		ALLOW_CALL(SYS_rt_sigprocmask),
		ALLOW_CALL(SYS_rt_sigreturn),
		ALLOW_CALL(SYS_sigaltstack),
		ALLOW_CALL(SYS_sched_yield),
		ALLOW_CALL(SYS_exit),
		ALLOW_CALL(SYS_exit_group),
		REFUSE,
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (!ARCH)
		return ENOSYS;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return errno;
	return 0;
}

#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "journal/chain.h"
#include "journal/reader.h"
#include "journal/sha.h"
#include "journal/writer.h"

/*
 * open: how a journal comes to be open for writing: made new, or taken over from
 * a runner that died. Also the ballast: space kept back, so that the records of
 * an unwinding still fit on a full disk.
 */

const char ballast_name[] = "ballast", journal_name[] = "journal.jsonl";

enum { BALLAST = 1 << 20, PENDING_CAP = 64 << 20, LOCK_TRIES = 20, TORN_MAX = 10000, COPY = 64 << 10 };

bool ballast_drop(struct journal *j)
{
	if (j->low || unlinkat(j->dirfd, ballast_name, 0) < 0)
		return false;
	j->low = true;
	/* Some file systems give freed blocks out only after their own commit. */
	io_sync_folder(j->io, j->dirfd, ".");
	return true;
}

static int ballast_make(struct journal *j, mode_t mode)
{
	int fd = openat(j->dirfd, ballast_name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode), err;

	if (fd < 0)
		return errno;
	err = posix_fallocate(fd, 0, BALLAST);
	close(fd);
	if (err)
		unlinkat(j->dirfd, ballast_name, 0);
	return err == ENOSPC || err == EDQUOT ? err : 0;
}

/* A prober (run_is_live) holds the lock for an instant. */
static int take_lock(int fd)
{
	const struct timespec pause = { 0, 2000000 };

	for (int i = 0;; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return errno;
		nanosleep(&pause, NULL);
	}
}

static struct journal *journal_new(const struct journal_options *o, const struct journal_io *io)
{
	struct journal *j = mem_alloc(sizeof(*j));

	j->io = io;
	j->mask = o->mask;
	j->observe = o->observe;
	j->arg = o->arg;
	j->settle = o->settle;
	j->settle_arg = o->settle_arg;
	j->no_sync = o->no_sync;
	j->second = -1;
	j->fd = -1;
	j->ep = 1;
	buf_init(&j->out, PENDING_CAP);
	buf_init(&j->scratch, RECORD_LINE_MAX);
	j->dirfd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return j;
}

static struct journal *give_up(struct journal *j, int err, int *out)
{
	if (j->fd >= 0)
		close(j->fd);
	if (j->dirfd >= 0)
		close(j->dirfd);
	buf_release(&j->out);
	buf_release(&j->scratch);
	mem_free(j);
	*out = err;
	return NULL;
}

static int create(struct journal *j, const struct journal_options *o)
{
	mode_t mode = o->shared ? 0660 : 0600;
	int err;

	if (j->dirfd < 0)
		return errno;
	j->fd = openat(j->dirfd, journal_name,
		       O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, mode);
	if (j->fd < 0)
		return errno;
	/* The umask may have taken the group's bits away. */
	err = fchmod(j->fd, mode) < 0 ? errno : 0;
	if (!err)
		err = take_lock(j->fd);
	if (!err && !o->no_ballast)
		err = ballast_make(j, mode);
	j->folders_due = !j->no_sync;
	if (err) {
		unlinkat(j->dirfd, ballast_name, 0);
		unlinkat(j->dirfd, journal_name, 0);
	}
	chain_genesis(o->run_id, o->program_digest, j->head);
	return err;
}

struct journal *journal_create_with(const struct journal_options *o, const struct journal_io *io, int *err)
{
	struct journal *j = journal_new(o, io);

	*err = create(j, o);
	return *err ? give_up(j, *err, err) : j;
}

struct journal *journal_create(const struct journal_options *o, int *err)
{
	return journal_create_with(o, &journal_io_os, err);
}

/* Does the first record name the run and program that we were asked for? */
struct binding { struct str run, program; bool wrong; };

static void check_binding(void *arg, const struct record *r)
{
	struct binding *b = arg;
	struct str run, program;

	if (r->n != 1)
		return;
	run = record_raw(r, "run");
	program = record_raw(r, "program");
	b->wrong = (b->run.n && !str_eq(b->run, str_slice(run, 1, run.n - 1))) ||
		   (b->program.n && !str_eq(b->program, str_slice(program, 1, program.n - 1)));
}

/* A new file torn.N; its name without folder in name. */
static int torn_open(struct journal *j, mode_t mode, char name[32], int *fd)
{
	for (int i = 1; i < TORN_MAX; i++) {
		snprintf(name, 32, "torn.%d", i);
		*fd = openat(j->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (*fd >= 0 || errno != EEXIST)
			break;
	}
	return *fd < 0 ? errno : 0;
}

/* Copies the file from `from` to its end; the digest of what was copied in hex. */
static int torn_copy(struct journal *j, int to, uint64_t from, char hex[SHA_HEX])
{
	char *p = mem_alloc(COPY);
	struct sha sha;
	size_t done;
	ssize_t k;
	int err = 0;

	sha_init(&sha);
	while (!err && (k = pread(j->fd, p, COPY, (off_t)from)) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			err = errno;
			break;
		}
		from += (uint64_t)k;
		sha_add(&sha, p, (size_t)k);
		err = io_write_all(j->io, to, p, (size_t)k, &done);
	}
	sha_hex(&sha, hex);
	mem_free(p);
	return err;
}

/* Cuts what is behind the good prefix off, after it was saved. The record that
 * tells of it goes to body. */
static int cut_torn(struct journal *j, const struct journal_scan *s, mode_t mode, struct buf *body)
{
	char name[32], hex[SHA_HEX];
	struct jsonw w;
	int fd, err = torn_open(j, mode, name, &fd);

	if (err)
		return err;
	err = torn_copy(j, fd, s->good_bytes, hex);
	if (!err && !j->no_sync)
		err = io_datasync(j->io, fd);
	close(fd);
	if (!err && !j->no_sync)
		err = io_sync_folder(j->io, j->dirfd, ".");
	if (!err && ftruncate(j->fd, (off_t)s->good_bytes) < 0)
		err = errno;
	if (err) {
		unlinkat(j->dirfd, name, 0);
		return err;
	}
	jsonw_init(&w, body);
	jsonw_kstr(&w, "t", STR("torn"));
	jsonw_kint(&w, "bytes", (int64_t)(s->bytes - s->good_bytes));
	jsonw_kstr(&w, "sha256", (struct str){ hex, sizeof(hex) });
	jsonw_kstr(&w, "file", str_of(name));
	return 0;
}

/* Writes the last batch over itself and syncs it: the page cache may show bytes
 * that never reached the disk, and only writing makes them dirty again. */
static int settle(struct journal *j, const struct journal_scan *s)
{
	char *p;
	uint64_t at = s->batch_at;
	int err = 0;

	if (j->no_sync)
		return 0;
	p = mem_alloc(COPY);
	while (!err && at < s->good_bytes) {
		size_t want = s->good_bytes - at < COPY ? (size_t)(s->good_bytes - at) : COPY, done;
		ssize_t k = pread(j->fd, p, want, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			err = k ? errno : EIO;
		else if (lseek(j->fd, (off_t)at, SEEK_SET) < 0)
			err = errno;
		else
			err = io_write_all(j->io, j->fd, p, (size_t)k, &done);
		at += k > 0 ? (uint64_t)k : 0;
	}
	mem_free(p);
	return err ? err : io_datasync(j->io, j->fd);
}

static int64_t wall_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int inspect(struct journal *j, const struct journal_options *o, struct journal_scan *s)
{
	struct binding b = { o->run_id, o->program_digest, false };
	struct stat st;

	if (fstat(j->fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	journal_scan_fd(j->fd, s, check_binding, &b);
	if (s->state == JOURNAL_UNREADABLE)
		return s->err;
	if (s->state == JOURNAL_CORRUPT)
		return EBADMSG;
	if (!s->records)
		return ENODATA;
	if (s->sealed)
		return EROFS;
	return b.wrong ? EINVAL : 0;
}

static int reopen(struct journal *j, const struct journal_options *o, struct buf *body)
{
	mode_t mode = o->shared ? 0660 : 0600;
	struct journal_scan s;
	int err;

	if (j->dirfd < 0)
		return errno;
	j->fd = openat(j->dirfd, journal_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (j->fd < 0)
		return errno;
	err = take_lock(j->fd);
	if (!err)
		err = inspect(j, o, &s);
	if (!err && s.state == JOURNAL_TORN)
		err = cut_torn(j, &s, mode, body);
	if (!err)
		err = settle(j, &s);
	/* Best effort: a disk that is full now must not forbid to unwind. */
	if (!err && ballast_make(j, mode))
		j->low = true;
	if (!err && (lseek(j->fd, 0, SEEK_END) < 0 || fcntl(j->fd, F_SETFL, O_APPEND) < 0))
		err = errno;
	if (err)
		return err;
	j->n = s.records;
	j->b = s.last_b;
	j->m = s.last_m;
	j->ep = s.last_ep + 1;
	j->in_batch = j->unsynced = j->no_sync;
	memcpy(j->head, s.head, sizeof(j->head));
	return 0;
}

struct journal *journal_reopen_with(const struct journal_options *o, const struct journal_io *io, int *err)
{
	struct journal *j = journal_new(o, io);
	struct buf body;

	buf_init(&body, 1024);
	*err = reopen(j, o, &body);
	if (!*err && body.len) {
		journal_add(j, wall_now(), j->m * 1000, buf_str(&body));
		*err = journal_flush(j, true);
	}
	buf_release(&body);
	return *err ? give_up(j, *err, err) : j;
}

struct journal *journal_reopen(const struct journal_options *o, int *err)
{
	return journal_reopen_with(o, &journal_io_os, err);
}

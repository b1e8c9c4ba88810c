#include "journal/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/chain.h"

/*
 * tail: follows a journal that is being written. A line counts only when its
 * newline is there; a cut one is read anew each time, because a runner that
 * resumes may replace it by another.
 */

struct journal_tail {
	int fd;
	uint64_t at;      /* file offset of p[pos] */
	size_t pos, len;
	struct chain chain;
	char p[RECORD_LINE_MAX + (64 << 10)];
};

struct journal_tail *journal_tail_open(const char *path, int *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct journal_tail *t;
	struct stat st;

	if (fd < 0) {
		*err = errno;
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*err = EINVAL;
		close(fd);
		return NULL;
	}
	t = mem_alloc(sizeof(*t));
	t->fd = fd;
	return t;
}

void journal_tail_free(struct journal_tail *t)
{
	if (t)
		close(t->fd);
	mem_free(t);
}

static bool refill(struct journal_tail *t)
{
	ssize_t k;

	do
		k = pread(t->fd, t->p, sizeof(t->p), (off_t)t->at);
	while (k < 0 && errno == EINTR);
	t->pos = 0;
	t->len = k > 0 ? (size_t)k : 0;
	return t->len && memchr(t->p, '\n', t->len);
}

int journal_tail_next(struct journal_tail *t, struct record *r)
{
	const char *nl = memchr(t->p + t->pos, '\n', t->len - t->pos), *why;
	struct str line;

	if (!nl) {
		if (!refill(t))
			return t->len > RECORD_LINE_MAX ? -1 : 0;
		nl = memchr(t->p, '\n', t->len);
	}
	line = (struct str){ t->p + t->pos, (size_t)(nl - (t->p + t->pos)) };
	if (!record_parse(r, line, &why) || chain_add(&t->chain, r)) {
		t->len = t->pos = 0;
		return -1;
	}
	t->pos += line.n + 1;
	t->at += line.n + 1;
	return 1;
}

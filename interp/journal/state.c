#include "journal/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

enum { PATH_BYTES = 4096, WHICH_MAX = 5 };

/* Crockford's digits: no i, l, o, u. */
static const char digits32[] = "0123456789abcdefghjkmnpqrstvwxyz";

void run_id_new(int64_t wall_ns, char out[RUN_ID_LEN + 1])
{
	uint64_t ms = wall_ns < 0 ? 0 : (uint64_t)wall_ns / 1000000;
	unsigned char random[16]; /* five bits of each */

	if (getentropy(random, sizeof(random)) < 0)
		mem_abort("no random bytes");
	for (int i = 9; i >= 0; i--, ms >>= 5)
		out[i] = digits32[ms & 31];
	for (int i = 0; i < 16; i++)
		out[10 + i] = digits32[random[i] & 31];
	out[RUN_ID_LEN] = '\0';
}

static bool id_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(digits32, s.p[i]))
			return false;
	return true;
}

bool run_id_ok(struct str text)
{
	return text.n == RUN_ID_LEN && id_digits(text);
}

/* One folder. New ones get exactly this mode, whatever the umask says. */
static int folder(const char *path, mode_t mode, bool must_be_new)
{
	if (mkdir(path, mode & 0777) < 0)
		return errno == EEXIST && !must_be_new ? 0 : errno;
	return chmod(path, mode) < 0 ? errno : 0;
}

/* All folders of path; those that are missing are made. */
static int folders(char *path, mode_t mode)
{
	struct stat st;
	int err = 0;

	for (char *p = path + 1; *p && !err; p++) {
		if (*p != '/' || p[-1] == '/')
			continue;
		*p = '\0';
		err = folder(path, mode, false);
		/* A parent that is there may be one in which nothing may be made. */
		if (err && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			err = 0;
		*p = '/';
	}
	return err ? err : folder(path, mode, false);
}

int run_dir_create(const char *state, const char *id, bool shared)
{
	mode_t mode = shared ? 02770 : 0700;
	struct buf b;
	int err;

	if (!run_id_ok(str_of(id)))
		return EINVAL;
	buf_init(&b, PATH_BYTES);
	buf_printf(&b, "%s/runs/%s", state, id);
	err = b.full ? ENAMETOOLONG : folder(b.p, mode, true);
	if (err == ENOENT) { /* the first run here */
		buf_clear(&b);
		buf_printf(&b, "%s/runs", state);
		err = folders(b.p, mode);
		buf_printf(&b, "/%s", id);
		if (!err)
			err = folder(b.p, mode, true);
	}
	buf_addz(&b, "/blobs");
	if (!err)
		err = b.full ? ENAMETOOLONG : folder(b.p, mode, true);
	buf_release(&b);
	return err;
}

struct ids {
	char (*list)[RUN_ID_LEN];
	uint32_t count, cap;
};

static int newest_first(const void *x, const void *y)
{
	return memcmp(y, x, RUN_ID_LEN);
}

/* The ids that begin with prefix, newest first. */
static int read_ids(const char *state, struct str prefix, struct ids *ids)
{
	struct buf b;
	struct dirent *e;
	DIR *d;
	int err;

	*ids = (struct ids){ 0 };
	buf_init(&b, PATH_BYTES);
	buf_printf(&b, "%s/runs", state);
	d = b.full ? NULL : opendir(b.p);
	err = d ? 0 : b.full ? ENAMETOOLONG : errno;
	buf_release(&b);
	if (!d)
		return err == ENOENT ? 0 : err;
	while ((errno = 0, e = readdir(d)) != NULL) {
		struct str name = str_of(e->d_name);

		if (!run_id_ok(name) || !str_starts(name, prefix) || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			continue;
		MEM_ROOM(ids->list, ids->count, ids->cap, 64);
		memcpy(ids->list[ids->count++], name.p, RUN_ID_LEN);
	}
	err = errno;
	closedir(d);
	if (ids->count)
		qsort(ids->list, ids->count, sizeof(*ids->list), newest_first);
	return err;
}

int run_list(struct arena *a, const char *state, struct str **ids, uint32_t *count)
{
	struct ids found;
	int err = read_ids(state, STR(""), &found);

	*count = found.count;
	*ids = arena_array(a, found.count, sizeof(**ids));
	for (uint32_t i = 0; i < found.count; i++)
		(*ids)[i] = arena_str(a, found.list[i], RUN_ID_LEN);
	mem_free(found.list);
	return err;
}

static struct str name_several(struct arena *a, const struct ids *ids)
{
	struct buf b;
	struct str s;

	buf_init(&b, 256);
	for (uint32_t i = 0; i < ids->count && i < WHICH_MAX; i++) {
		buf_addz(&b, i ? ", " : "");
		buf_add(&b, ids->list[i], RUN_ID_LEN);
	}
	s = arena_str(a, b.p, b.len);
	buf_release(&b);
	return s;
}

int run_find(struct arena *a, const char *state, struct str what, struct str *id, struct str *dir, struct str *which)
{
	char text[RUN_ID_LEN];
	struct str prefix = { text, what.n };
	bool last = str_eqz(what, "@last");
	struct ids found;
	int err;

	*id = *dir = *which = STR("");
	if (last) {
		prefix.n = 0;
	} else {
		if (!what.n || what.n > RUN_ID_LEN)
			return ENOENT;
		for (size_t i = 0; i < what.n; i++)
			text[i] = what.p[i] >= 'A' && what.p[i] <= 'Z' ? (char)(what.p[i] + 32) : what.p[i];
		if (!id_digits(prefix))
			return ENOENT;
	}
	err = read_ids(state, prefix, &found);
	if (!err && !found.count)
		err = ENOENT;
	if (!err && found.count > 1 && !last) {
		*which = name_several(a, &found);
		err = ENOTUNIQ;
	}
	if (!err) {
		*id = arena_str(a, found.list[0], RUN_ID_LEN);
		*dir = arena_printf(a, "%s/runs/%.*s", state, RUN_ID_LEN, found.list[0]);
	}
	mem_free(found.list);
	return err;
}

bool run_is_live(const char *dir)
{
	struct buf b;
	bool live = false;
	int fd;

	buf_init(&b, PATH_BYTES);
	buf_printf(&b, "%s/journal.jsonl", dir);
	fd = b.full ? -1 : open(b.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	buf_release(&b);
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		live = errno == EWOULDBLOCK;
	close(fd);
	return live;
}

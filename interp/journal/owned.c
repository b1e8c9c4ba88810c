#include "journal/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "value/json.h"

/* owned: see owned.h. */

static bool read_bytes(struct arena *a, int fd, size_t max, struct owned *out, struct str *why)
{
	struct stat st;
	char *p;
	size_t n = 0;
	ssize_t got = 1;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*why = STR("it is no regular file");
		return false;
	}
	out->uid = (int64_t)st.st_uid;
	if (st.st_nlink != 1 || (st.st_mode & 022)) {
		*why = st.st_nlink != 1 ? STR("it has several names") : STR("others than its owner may write it");
		return false;
	}
	if (st.st_size <= 0 || (uint64_t)st.st_size > max) {
		*why = st.st_size > 0 ? arena_printf(a, "it is longer than %zu KiB", max >> 10) : STR("it is empty");
		return false;
	}
	p = arena_alloc(a, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size && got > 0) {
		got = read(fd, p + n, (size_t)st.st_size - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			n += (size_t)got;
	}
	p[n] = 0;
	out->bytes = (struct str){ p, n };
	if (got < 0)
		*why = str_of(strerror(errno));
	return got >= 0;
}

static bool understand(struct arena *a, struct owned *out, struct str *why)
{
	struct json_error je;
	const struct value *v;

	if (!utf8_valid(out->bytes) || !json_parse(a, out->bytes, &out->map, &je) || out->map.kind != V_MAP) {
		out->map = (struct value){ 0 };
		*why = STR("it is not JSON");
		return false;
	}
	v = value_get(out->map, STR("v"));
	if (v && v->kind == V_INT && v->i == 1)
		return true;
	*why = STR("it is not of version 1");
	return false;
}

bool owned_read(struct arena *a, const char *path, size_t max, struct owned *out, struct str *why)
{
	bool ok;
	int fd;

	*out = (struct owned){ .uid = -1 };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		*why = errno == ELOOP ? STR("it is a symbolic link") : str_of(strerror(errno));
		return false;
	}
	ok = read_bytes(a, fd, max, out, why) && understand(a, out, why);
	close(fd);
	return ok;
}

struct str owned_text(const struct owned *o, const char *name)
{
	const struct value *v = value_get(o->map, str_of(name));

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

#include "journal/answers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "value/json.h"

/* answers: see answers.h. */

static const char *folder(struct arena *a, const char *run_dir)
{
	return arena_printf(a, "%s/answers", run_dir).p;
}

int answers_make(const char *run_dir, bool shared)
{
	struct arena a;
	const char *path;
	int err = 0;

	arena_init(&a);
	path = folder(&a, run_dir);
	if (mkdir(path, 0700) < 0)
		err = errno == EEXIST ? 0 : errno;
	else if (chmod(path, shared ? 03770 : 0700) < 0)
		err = errno;
	arena_release(&a);
	return err;
}

struct str answer_text(struct arena *a, const struct answer *v)
{
	const struct { const char *name; struct str text; } parts[] = {
		{ "run", v->run }, { "k", v->key }, { "subject", v->subject }, { "answer", v->answer },
		{ "item", v->item }, { "why", v->why }, { "signer", v->signer },
	};
	struct jsonw w;
	struct buf b;
	struct str s;

	buf_init(&b, 4 * ANSWER_MAX);
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].text.n)
			jsonw_kstr(&w, parts[i].name, parts[i].text);
	jsonw_close(&w, '}');
	buf_addc(&b, '\n');
	s = arena_str(a, b.p, b.len);
	buf_release(&b);
	return s;
}

struct str answer_name(struct arena *a)
{
	unsigned char bytes[16];
	char hex[33];

	if (getentropy(bytes, sizeof(bytes)) < 0)
		mem_abort("no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	hex[32] = 0;
	return arena_printf(a, "%s.json", hex);
}

static bool plain_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || (c == '.' && i)))
			return false;
	}
	return s.n > 5 && s.n <= 100 && str_ends(s, STR(".json"));
}

int answers_list(const char *run_dir, void (*each)(void *arg, struct str name), void *arg)
{
	struct arena a;
	struct dirent *e;
	uint32_t n = 0;
	DIR *d;
	int err;

	arena_init(&a);
	d = opendir(folder(&a, run_dir));
	err = d ? 0 : errno;
	while (d && n < ANSWERS_MAX && (errno = 0, e = readdir(d)) != NULL)
		if (plain_name(str_of(e->d_name))) {
			each(arg, str_of(e->d_name));
			n++;
		}
	if (d)
		closedir(d);
	arena_release(&a);
	return err == ENOENT ? 0 : err;
}

/* The bytes of a regular file that only its owner can have written. */
static bool read_bytes(struct arena *a, int fd, struct answer *out, struct str *why)
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
	if (st.st_size <= 0 || st.st_size > ANSWER_MAX) {
		*why = st.st_size > 0 ? STR("it is longer than 64 KiB") : STR("it is empty");
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

static struct str member(struct value map, const char *name)
{
	const struct value *v = value_get(map, str_of(name));

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static bool understand(struct arena *a, struct answer *out, struct str *why)
{
	struct json_error je;
	struct value map;
	const struct value *v;

	if (!utf8_valid(out->bytes) || !json_parse(a, out->bytes, &map, &je) || map.kind != V_MAP) {
		*why = STR("it is not JSON");
		return false;
	}
	v = value_get(map, STR("v"));
	if (!v || v->kind != V_INT || v->i != 1) {
		*why = STR("it is not an answer of version 1");
		return false;
	}
	out->run = member(map, "run");
	out->key = member(map, "k");
	out->subject = member(map, "subject");
	out->answer = member(map, "answer");
	out->item = member(map, "item");
	out->why = member(map, "why");
	out->signer = member(map, "signer");
	if (out->run.n && out->key.n && out->subject.n == 64)
		return true;
	*why = STR("it does not say what it answers");
	return false;
}

bool answer_read(struct arena *a, const char *run_dir, struct str name, struct answer *out, struct str *why)
{
	bool ok;
	int fd;

	memset(out, 0, sizeof(*out));
	out->name = arena_str(a, name.p, name.n);
	out->uid = -1;
	fd = open(arena_printf(a, "%s/" STR_FMT, folder(a, run_dir), STR_ARG(name)).p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		*why = errno == ELOOP ? STR("it is a symbolic link") : str_of(strerror(errno));
		return false;
	}
	ok = read_bytes(a, fd, out, why) && understand(a, out, why);
	close(fd);
	return ok;
}

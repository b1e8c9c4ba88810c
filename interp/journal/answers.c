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
#include "journal/owned.h"

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

bool answer_read(struct arena *a, const char *run_dir, struct str name, struct answer *out, struct str *why)
{
	struct owned file;
	bool ok = owned_read(a, arena_printf(a, "%s/" STR_FMT, folder(a, run_dir), STR_ARG(name)).p, ANSWER_MAX, &file, why);

	*out = (struct answer){ .name = arena_str(a, name.p, name.n), .uid = file.uid };
	if (!ok)
		return false;
	out->bytes = file.bytes;
	out->run = owned_text(&file, "run");
	out->key = owned_text(&file, "k");
	out->subject = owned_text(&file, "subject");
	out->answer = owned_text(&file, "answer");
	out->item = owned_text(&file, "item");
	out->why = owned_text(&file, "why");
	out->signer = owned_text(&file, "signer");
	if (out->run.n && out->key.n && out->subject.n == 64)
		return true;
	*why = STR("it does not say what it answers");
	return false;
}

#include "cli/heads.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "host/sign.h"
#include "value/units.h"

/* heads: written at the open and at the seal, read by verify. */

#define NAMESPACE "runbook-head"
enum { HEAD_MAX = 4096, HEADS_MAX = 64 };

/* --- writing ------------------------------------------------------------------------ */

struct str head_text(struct cli *c, const struct head *h)
{
	return arena_printf(&c->arena, "runbook-head/v1\nrun " STR_FMT "\nrecords %lld\nhead %s\n", STR_ARG(h->run), (long long)h->records,
			    h->hash);
}

struct str heads_sign(struct cli *c, struct str dir, const char *name, const struct head *h, const char *key)
{
	struct str folder = arena_printf(&c->arena, STR_FMT "/heads", STR_ARG(dir));
	struct str path = arena_printf(&c->arena, STR_FMT "/%s.head", STR_ARG(folder), name);
	int err = mkdir(folder.p, 0700) && errno != EEXIST ? errno : 0;

	if (!err)
		err = file_write_atomic(path.p, head_text(c, h), 0600, 1);
	if (err)
		return arena_printf(&c->arena, STR_FMT ": %s", STR_ARG(path), file_error(err));
	err = sign_file(key, NAMESPACE, path.p, 1);
	return err ? str_of(err < 0 ? "ssh-keygen refused (is there a passphrase on the key?)" : strerror(err)) : STR("");
}

/* --- reading ------------------------------------------------------------------------ */

/* The rest of the line that begins with `word `; *at moves behind it. */
static struct str field(struct str text, size_t *at, const char *word)
{
	struct str rest = str_slice(text, *at, text.n), line;
	const char *nl = memchr(rest.p, '\n', rest.n);
	size_t n = strlen(word);

	if (!nl || !str_starts(rest, str_of(word)) || rest.p[n] != ' ')
		return STR("");
	line = (struct str){ rest.p + n + 1, (size_t)(nl - rest.p) - n - 1 };
	*at = (size_t)(nl - text.p) + 1;
	return line;
}

bool head_parse(struct str text, size_t *at, struct head *h)
{
	static const struct str first = { "runbook-head/v1\n", 16 };
	struct str hash, records;

	if (!str_starts(str_slice(text, *at, text.n), first))
		return false;
	*at += first.n;
	h->run = field(text, at, "run");
	records = field(text, at, "records");
	hash = field(text, at, "head");
	if (!h->run.n || hash.n != 64 || !unit_parse_int(records, &h->records))
		return false;
	memcpy(h->hash, hash.p, 64);
	h->hash[64] = 0;
	return true;
}

static void read_one(struct cli *c, struct str folder, const char *name, const char *signers, struct signed_head *s)
{
	struct str path = arena_printf(&c->arena, STR_FMT "/%s", STR_ARG(folder), name), text;
	int err = file_read(&c->arena, path.p, HEAD_MAX, &text);
	size_t at = 0;

	s->name = arena_str(&c->arena, name, strlen(name));
	if (err)
		s->by.why = str_of(file_error(err));
	else if (!head_parse(text, &at, &s->head) || at != text.n) {
		s->head = (struct head){ 0 };
		s->by.why = STR("it is no head of a journal");
	} else
		signed_check(c, NAMESPACE, signers, arena_printf(&c->arena, STR_FMT ".sig", STR_ARG(path)).p, text, &s->by);
}

static int by_name(const void *a, const void *b)
{
	const struct signed_head *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

int heads_read(struct cli *c, struct str dir, const char *signers, struct signed_head **out, uint32_t *count)
{
	struct str folder = arena_printf(&c->arena, STR_FMT "/heads", STR_ARG(dir));
	DIR *d = opendir(folder.p);
	struct dirent *e;

	*out = arena_array(&c->arena, HEADS_MAX, sizeof(**out));
	*count = 0;
	if (!d)
		return errno == ENOENT ? 0 : errno;
	while ((e = readdir(d)) && *count < HEADS_MAX) {
		size_t n = strlen(e->d_name);

		if (n > 5 && !strcmp(e->d_name + n - 5, ".head"))
			read_one(c, folder, e->d_name, signers, &(*out)[(*count)++]);
	}
	closedir(d);
	qsort(*out, *count, sizeof(**out), by_name);
	return 0;
}

/*
 * fuzz_bundle: hostile bundles. The first byte chooses: the whole file; a list of files
 * (bundle.json) with a right header, and what follows as it is; entries (length and bytes
 * of path, then of content) from which a bundle is made with right hashes. Besides crashes
 * it looks for broken promises: nothing is written outside of the folder, and of what is
 * taken, the writer makes the same bytes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "journal/bundle.h"
#include "journal/bundle_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES = 64, WHOLE_MAX = 8 << 20 };

static void must(bool ok)
{
	if (!ok)
		abort();
}

struct scene { struct arena a; char dir[64]; const char *file, *out; struct bundle_entry list[ENTRIES]; uint32_t count; };

/* Every file below path becomes an entry. */
static void walk(struct scene *s, const char *path, size_t skip)
{
	DIR *d = opendir(path);
	struct dirent *e;

	must(d);
	while ((e = readdir(d)) != NULL) {
		struct str at = arena_printf(&s->a, "%s/%s", path, e->d_name);
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		must(!lstat(at.p, &st) && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)));
		if (S_ISDIR(st.st_mode)) {
			walk(s, at.p, skip);
		} else {
			must(s->count < ENTRIES);
			s->list[s->count++] = (struct bundle_entry){ .path = str_slice(at, skip, at.n), .from = at };
		}
	}
	closedir(d);
}

static struct str written(struct scene *s, struct str run, struct str *why)
{
	int fd = open(s->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct str bytes = STR("");

	must(fd >= 0);
	for (uint32_t i = 0; i < s->count; i++)
		must(!bundle_measure(&s->list[i]));
	*why = bundle_write(&s->a, run, s->list, s->count, fd);
	close(fd);
	must(!file_read(&s->a, s->out, WHOLE_MAX, &bytes));
	return bytes;
}

/* Unpacks text. True: it was taken; then the writer makes the same of it. */
static bool taken(struct scene *s, struct str text)
{
	struct str run = STR(""), why, again;
	char into[96];

	snprintf(into, sizeof(into), "%s/in", s->dir);
	must(!mkdir(into, 0700));
	must(!file_write_atomic(s->file, text, 0600, 0));
	why = bundle_unpack(&s->a, s->file, into, &run);
	if (why.n)
		return false;
	must(bundle_is(s->file));
	s->count = 0;
	walk(s, into, strlen(into) + 1);
	again = written(s, run, &why);
	must(!why.n && str_eq(again, text));
	return true;
}

static void listed(struct scene *s, struct str text)
{
	size_t n = memchr(text.p, 0, text.n) ? (size_t)((const char *)memchr(text.p, 0, text.n) - text.p) : text.n;
	struct buf b;

	buf_init(&b, WHOLE_MAX);
	bundle_header(buf_room(&b, TAR_BLOCK), STR(BUNDLE_MANIFEST), n);
	buf_took(&b, TAR_BLOCK);
	buf_add(&b, text.p, n);
	buf_fill(&b, 0, bundle_padding(n));
	buf_adds(&b, str_slice(text, n, text.n));
	(void)taken(s, buf_str(&b));
	buf_release(&b);
}

static void made(struct scene *s, struct str text)
{
	static const struct str run = { "00000000000000000000000000", 26 };
	bool ok = true, journal = false;
	struct str whole, why;
	size_t at = 0;

	while (at + 2 <= text.n && s->count < ENTRIES) {
		size_t path = (unsigned char)text.p[at], content = (unsigned char)text.p[at + 1] * 9u;
		struct bundle_entry *e = &s->list[s->count];

		at += 2;
		e->path = arena_printf(&s->a, STR_FMT "/" STR_FMT, STR_ARG(run), STR_ARG(str_slice(text, at, at + path)));
		at += path;
		e->bytes = str_slice(text, at < text.n ? at : text.n, at + content);
		at += content;
		if (e->path.n > 27 + 100)
			continue;
		ok = ok && bundle_path_ok(e->path);
		for (uint32_t i = 0; i < s->count; i++)
			ok = ok && !str_eq(s->list[i].path, e->path);
		must(!bundle_measure(e));
		ok = ok && (str_find(e->path, STR("/blobs/")) < 0 || str_ends(e->path, str_of(e->hex)));
		journal = journal || str_eqz(str_slice(e->path, 27, e->path.n), "journal.jsonl");
		s->count++;
	}
	whole = written(s, run, &why);
	must(!why.n && taken(s, whole) == (ok && journal));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data + 1, size ? size - 1 : 0 };
	struct scene s = { .dir = "/tmp/rb-fuzz-XXXXXX" };

	if (!size)
		return 0;
	must(mkdtemp(s.dir));
	arena_init(&s.a);
	s.file = arena_printf(&s.a, "%s/file", s.dir).p;
	s.out = arena_printf(&s.a, "%s/out", s.dir).p;
	switch (data[0] % 3) {
	case 0:
		(void)taken(&s, text);
		break;
	case 1:
		listed(&s, text);
		break;
	default:
		made(&s, text);
	}
	must(!file_remove_tree(s.dir));
	arena_release(&s.a);
	return 0;
}

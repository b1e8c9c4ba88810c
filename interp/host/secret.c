#include "host/secret.h"

#include <errno.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "host/child.h"
#include "host/env.h"
#include "host/loop.h"

/* secret: the three places a secret may come from. */

static const int64_t second = 1000000000;
enum { SAID_MAX = 4096 };

struct program {
	struct buf out, said;
	struct child_result r;
	bool done;
};

static void on_output(void *arg, int stream, const char *p, size_t n)
{
	struct program *g = arg;

	buf_add(stream == 1 ? &g->out : &g->said, p, n);
}

static void on_done(void *arg, const struct child_result *r)
{
	struct program *g = arg;

	g->r = *r;
	g->done = true;
}

/* The last line of what the program said, for the message. */
static struct str last_line(struct arena *a, const struct buf *said)
{
	struct str s = str_trim(buf_str(said));
	size_t from = s.n;

	while (from && s.p[from - 1] != '\n')
		from--;
	s = str_slice(s, from, from + 200);
	if (!s.n || !utf8_valid(s))
		return STR("");
	return arena_printf(a, ": " STR_FMT, STR_ARG(s));
}

static struct str why_not(struct arena *a, const struct program *g, struct str name)
{
	const struct child_result *r = &g->r;
	struct str said = last_line(a, &g->said);

	switch (r->end) {
	case CHILD_NOT_STARTED:
		return arena_printf(a, "`" STR_FMT "` could not be started: %s", STR_ARG(name), strerror(r->error));
	case CHILD_TIMEOUT:
		return arena_printf(a, "`" STR_FMT "` did not end within 30 s" STR_FMT, STR_ARG(name), STR_ARG(said));
	case CHILD_EXITED:
		if (r->code)
			return arena_printf(a, "`" STR_FMT "` exited with %d" STR_FMT, STR_ARG(name), r->code, STR_ARG(said));
		return STR("");
	default:
		return arena_printf(a, "`" STR_FMT "` was killed by signal %d" STR_FMT, STR_ARG(name), r->signo, STR_ARG(said));
	}
}

/* Appends what argv prints; false with *error. */
static bool by_program(struct arena *a, const struct secret_source *s, const char *dir, const char *const *env,
		       struct str *value, struct str *error)
{
	const char **argv = arena_array(a, s->argc + 1u, sizeof(*argv));
	struct program g = { .done = false };
	struct child_spec spec = { .argv = argv, .envp = env, .dir = dir, .timeout = 30 * second, .grace = 2 * second,
				   .on_output = on_output, .on_done = on_done, .arg = &g };
	int err = 0;
	struct loop *l = loop_new(&err);

	if (!l || !s->argc) {
		*error = l ? STR("no program is named") : arena_printf(a, "no event loop: %s", strerror(err));
		loop_free(l);
		return false;
	}
	for (uint32_t i = 0; i < s->argc; i++)
		argv[i] = arena_str(a, s->argv[i].p, s->argv[i].n).p;
	buf_init(&g.out, SECRET_LIMIT + 2);
	buf_init(&g.said, SAID_MAX);
	(void)child_start(l, &spec);
	while (!g.done && err >= 0)
		err = loop_turn(l, -1);
	loop_free(l);
	*error = err < 0 ? arena_printf(a, "%s", strerror(-err)) : why_not(a, &g, s->argv[0]);
	if (!error->n && g.out.full)
		*error = STR("the value is longer than 64 KiB");
	*value = arena_str(a, g.out.p ? g.out.p : "", g.out.len);
	if (g.out.p)
		memset(g.out.p, 0, g.out.len);
	buf_release(&g.out);
	buf_release(&g.said);
	return !error->n;
}

static bool from_file(struct arena *a, struct str path, const char *dir, struct str *value, struct str *error)
{
	const char *from = path.n && path.p[0] == '/' ? "" : dir ? dir : "."; /* so that `-` is a file, too */
	const char *p = arena_printf(a, "%s%s" STR_FMT, from, *from ? "/" : "", STR_ARG(path)).p;
	int err = file_read(a, p, SECRET_LIMIT + 2, value);

	if (err)
		*error = arena_printf(a, "%s: %s", p, err == FILE_TOO_LARGE ? "larger than 64 KiB" : file_error(err));
	return !err;
}

static bool from_env(struct arena *a, struct str name, struct str *value, struct str *error)
{
	const char *v = env_get(a, name);

	if (!v) {
		*error = arena_printf(a, "the variable `" STR_FMT "` is not set", STR_ARG(name));
		return false;
	}
	*value = arena_str(a, v, strlen(v));
	return true;
}

static struct str cut_line_break(struct str s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	else
		return s;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static const char *wrong_value(struct str v)
{
	if (!v.n)
		return "the value is empty";
	if (v.n > SECRET_LIMIT)
		return "the value is longer than 64 KiB";
	if (memchr(v.p, 0, v.n))
		return "the value has a NUL byte";
	return utf8_valid(v) ? NULL : "the value is not UTF-8 text";
}

bool secret_fetch(struct arena *a, const struct secret_source *s, const char *dir, const char *const *env,
		  struct str *value, struct str *error)
{
	const char *wrong;
	struct str v = { 0 };
	bool ok;

	*error = STR("");
	switch (s->place) {
	case SECRET_IN_ENV: ok = from_env(a, s->arg, &v, error); break;
	case SECRET_IN_FILE: ok = from_file(a, s->arg, dir, &v, error); break;
	default: ok = by_program(a, s, dir, env, &v, error); break;
	}
	if (!ok)
		return false;
	v = cut_line_break(v);
	wrong = wrong_value(v);
	if (wrong) {
		*error = str_of(wrong);
		return false;
	}
	*value = arena_str(a, v.p, v.n);
	return true;
}

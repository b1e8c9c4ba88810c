#include "host/secret.h"

#include <errno.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "host/env.h"
#include "host/program.h"

/* secret: the three places a secret may come from. */

static const int64_t second = 1000000000;

/* Appends what argv prints; false with *error. */
static bool by_program(struct arena *a, const struct secret_source *s, const char *dir, const char *const *env,
		       struct str *value, struct str *error)
{
	const char **argv = arena_array(a, s->argc + 1u, sizeof(*argv));
	struct program_call call = { .argv = argv, .envp = env, .dir = dir, .timeout = 30 * second };
	struct buf out;

	if (!s->argc) {
		*error = STR("no program is named");
		return false;
	}
	for (uint32_t i = 0; i < s->argc; i++)
		argv[i] = arena_str(a, s->argv[i].p, s->argv[i].n).p;
	buf_init(&out, SECRET_LIMIT + 2);
	*error = program_run(a, &call, &out);
	if (!error->n && out.full)
		*error = STR("the value is longer than 64 KiB");
	*value = arena_str(a, out.p ? out.p : "", out.len);
	if (out.p)
		memset(out.p, 0, out.len);
	buf_release(&out);
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

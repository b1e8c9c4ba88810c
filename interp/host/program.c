#include "host/program.h"

#include <string.h>
#include "base/arena.h"
#include "host/child.h"
#include "host/loop.h"

/* program: a loop of its own with one child. */

enum { SAID_MAX = 4096 };
static const int64_t second = 1000000000;

struct running {
	struct buf *out, said;
	struct child_result r;
	bool done;
};

static void on_output(void *arg, int stream, const char *p, size_t n)
{
	struct running *g = arg;

	buf_add(stream == 1 ? g->out : &g->said, p, n);
}

static void on_done(void *arg, const struct child_result *r)
{
	struct running *g = arg;

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

static struct str why_not(struct arena *a, const struct running *g, const struct program_call *call)
{
	const struct child_result *r = &g->r;
	struct str said = last_line(a, &g->said);
	const char *name = call->argv[0];

	switch (r->end) {
	case CHILD_NOT_STARTED:
		return arena_printf(a, "`%s` could not be started: %s", name, strerror(r->error));
	case CHILD_TIMEOUT:
		return arena_printf(a, "`%s` did not end within %d s" STR_FMT, name, (int)(call->timeout / second), STR_ARG(said));
	case CHILD_EXITED:
		if (r->code)
			return arena_printf(a, "`%s` exited with %d" STR_FMT, name, r->code, STR_ARG(said));
		return STR("");
	default:
		return arena_printf(a, "`%s` was killed by signal %d" STR_FMT, name, r->signo, STR_ARG(said));
	}
}

struct str program_run(struct arena *a, const struct program_call *call, struct buf *out)
{
	struct running g = { .out = out };
	struct child_spec spec = { .argv = call->argv, .envp = call->envp, .dir = call->dir, .input = call->input.p, .input_len = call->input.n,
				   .timeout = call->timeout, .grace = 2 * second, .on_output = on_output, .on_done = on_done, .arg = &g };
	struct str why;
	int err = 0;
	struct loop *l = loop_new(&err);

	if (!l)
		return arena_printf(a, "no event loop: %s", strerror(err));
	buf_init(&g.said, SAID_MAX);
	(void)child_start(l, &spec);
	while (!g.done && err >= 0)
		err = loop_turn(l, -1);
	loop_free(l);
	why = err < 0 ? arena_printf(a, "%s", strerror(-err)) : why_not(a, &g, call);
	buf_release(&g.said);
	return why;
}

#include "run/live_world.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "host/child.h"
#include "journal/journal.h"
#include "journal/output.h"

/* live_spawn: children, and streams of bytes on their way to journal, display and engine. */

/* --- streams ------------------------------------------------------------------- */

/* The engine's part: all of it up to KEEP_ALL, or the end. */
static void keep(struct live_op *op, struct stream *s, const char *p, size_t n)
{
	struct buf *b = &s->kept;

	if (op->c.want_output) {
		b->max = KEEP_ALL;
		buf_add(b, p, n < KEEP_ALL - b->len ? n : KEEP_ALL - b->len);
		return;
	}
	b->max = 2 * KEEP_TAIL;
	if (n >= KEEP_TAIL) {
		p += n - KEEP_TAIL;
		n = KEEP_TAIL;
		buf_clear(b);
	} else if (b->len + n > 2 * KEEP_TAIL) {
		memmove(b->p, b->p + b->len - KEEP_TAIL, KEEP_TAIL);
		b->len = KEEP_TAIL;
	}
	buf_add(b, p, n);
}

static void show(struct live_op *op, int stream)
{
	struct live *l = op->l;

	if (l->shown.len && l->o.on_output && stream)
		l->o.on_output(l->o.arg, op->c.key, stream, buf_str(&l->shown));
	buf_clear(&l->shown);
}

void stream_add(struct live_op *op, struct stream *s, int stream, const char *p, size_t n)
{
	struct live *l = op->l;

	if (!n)
		return;
	if (!s->sink) {
		s->sink = output_new(l->o.run_dir, l->o.mask, op->c.quiet);
		output_set_sync(s->sink, !l->o.no_sync);
	}
	s->total += n;
	keep(op, s, p, n);
	output_add(s->sink, p, n, &l->shown);
	show(op, stream);
}

void stream_whole(struct live_op *op, struct stream *s, const char *p, size_t n)
{
	if (op->c.quiet || !output_whole(op->l->o.mask, (struct str){ p, n }, &s->json)) {
		stream_add(op, s, 0, p, n);
		return;
	}
	s->total = n;
	keep(op, s, p, n);
}

static void stream_end(struct live_op *op, struct stream *s, int stream, struct output *out)
{
	struct live *l = op->l;
	struct str bytes = s->kept.p ? buf_str(&s->kept) : STR("");
	int err = 0;

	if (s->sink) {
		err = output_end(s->sink, &l->shown, &s->json);
		show(op, stream);
		if ((err == ENOSPC || err == EDQUOT || err == EFBIG) && l->o.journal) {
			journal_spend(l->o.journal); /* the output is lost, and said to be; what was done can still be undone */
			live_low(l);                 /* before the result: nothing new starts */
		} else if (err && !l->io_error)
			l->io_error = err;
	} else if (!s->json.len) {
		buf_addz(&s->json, op->c.quiet ? "{\"n\":0,\"quiet\":true}" : "{\"n\":0}");
	}
	if (!op->c.want_output && bytes.n > KEEP_TAIL)
		bytes = str_slice(bytes, bytes.n - KEEP_TAIL, bytes.n);
	*out = (struct output){ bytes, s->total, s->total > bytes.n, buf_str(&s->json) };
}

void streams_end(struct live_op *op)
{
	int shown = op->c.kind == OP_SPAWN; /* bodies of answers are not output */

	stream_end(op, &op->out, shown ? 1 : 0, &op->result.out);
	stream_end(op, &op->err, shown ? 2 : 0, &op->result.err);
}

void streams_release(struct live_op *op)
{
	output_free(op->out.sink);
	output_free(op->err.sink);
	op->out.sink = op->err.sink = NULL;
	op->out.total = op->err.total = 0;
}

/* --- the environment -------------------------------------------------------------- */

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

/* The base, without what the command sets itself, then the command's; of several
 * with one name the last one counts. */
static const char *const *make_env(struct live_op *op)
{
	const struct live *l = op->l;
	const char *const *base = op->c.spawn.module ? l->o.module_env : l->o.base_env, *const *more = op->c.spawn.env;
	uint32_t n = 0, more_count = 0, base_count = 0;

	while (more && more[more_count])
		more_count++;
	while (base && base[base_count])
		base_count++;
	if (op->env_cap < base_count + more_count + 1) {
		op->env_cap = base_count + more_count + 1;
		op->env = mem_realloc(op->env, op->env_cap * sizeof(const char *));
	}
	for (uint32_t i = 0; i < base_count + more_count; i++) {
		const char *e = i < base_count ? base[i] : more[i - base_count];
		size_t len = name_length(e);
		uint32_t k = i < base_count ? 0 : i - base_count + 1;

		while (k < more_count && (*more[k] != *e || strncmp(more[k], e, len) || (more[k][len] != '=' && more[k][len])))
			k++;
		if (k == more_count)
			op->env[n++] = e;
	}
	op->env[n] = NULL;
	return op->env;
}

/* --- children ---------------------------------------------------------------------- */

static void on_output(void *arg, int stream, const char *p, size_t n)
{
	struct live_op *op = arg;

	stream_add(op, stream == 1 ? &op->out : &op->err, stream, p, n);
}

/* Why nothing ran, with what can be done. */
static void explain(struct live_op *op, const struct child_result *r)
{
	struct buf *b = &op->text;
	const char *program = op->c.spawn.argv[0], *dir = op->c.spawn.dir;
	bool path = strchr(program, '/') != NULL;

	if (!strcmp(r->step, "chdir")) {
		buf_printf(b, "the folder `%s`: %s", dir, strerror(r->error));
	} else if (!strcmp(r->step, "stop")) {
		buf_addz(b, "stopped before it was started");
	} else if (r->error == EMFILE || r->error == ENFILE) {
		buf_addz(b, "too many open files (see `ulimit -n`)");
	} else if (!strcmp(r->step, "clone")) {
		buf_printf(b, "no new process: %s (see `ulimit -u`)", strerror(r->error));
	} else if (strcmp(r->step, "exec")) {
		buf_printf(b, "%s: %s", r->step, strerror(r->error));
	} else if (r->error == ENOENT && !path) {
		buf_printf(b, "`%s` was not found in PATH", program);
	} else if (r->error == ENOENT && program[0] == '/' && !access(program, F_OK)) {
		buf_printf(b, "`%s` is there, but the program of its `#!` line is not", program);
	} else if (r->error == ENOEXEC) {
		buf_printf(b, "`%s` is neither a program nor a script with a `#!` line", program);
	} else if (r->error == EACCES) {
		buf_printf(b, "`%s` is not executable: %s", program, strerror(r->error));
	} else if (r->error == E2BIG) {
		buf_printf(b, "`%s`: arguments and environment are too long; use `stdin:`", program);
	} else {
		buf_printf(b, "`%s`: %s", program, strerror(r->error));
	}
}

static void on_done(void *arg, const struct child_result *r)
{
	static const enum result_end ends[] = {
		[CHILD_EXITED] = END_EXIT, [CHILD_SIGNALED] = END_SIGNAL, [CHILD_TIMEOUT] = END_TIMEOUT,
		[CHILD_STOPPED] = END_STOPPED, [CHILD_NOT_STARTED] = END_NOT_STARTED, [CHILD_STUCK] = END_STUCK,
	};
	struct live_op *op = arg;

	op->child = NULL;
	op->result.code = r->code;
	op->result.signo = r->signo;
	op->result.took = r->took;
	if (r->end == CHILD_NOT_STARTED)
		explain(op, r);
	streams_end(op);
	live_done(op, ends[r->end]);
}

void live_spawn(struct live_op *op)
{
	const struct command *c = &op->c;
	struct child_spec s = {
		.argv = c->spawn.argv, .envp = make_env(op), .dir = c->spawn.dir,
		.timeout = c->timeout, .grace = c->grace, .on_output = on_output, .on_done = on_done, .arg = op,
	};

	if (c->spawn.has_input) {
		s.input = c->spawn.input.n ? c->spawn.input.p : "";
		s.input_len = c->spawn.input.n;
	}
	op->child = child_start(op->l->loop, &s);
}

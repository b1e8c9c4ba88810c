#include "run/engine_state.h"

#include "run/show.h"
#include "value/json.h"

/*
 * kind_render: `render`: a text or JSON file. A relative path goes into the
 * run's folder (no effect on the world), an absolute one is a write. The text
 * stays available as steps.ID.text.
 */

static bool rendered(struct frame *f, const struct act_render *a, struct str *path, struct str *bytes, bool *unknown,
		     struct str *error)
{
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct value v;
	struct buf b;
	bool inside; /* a file of the run: no secret in it, whatever children printed */

	if (!eval_text(f, &a->to, path, unknown, error))
		return false;
	inside = path->n && path->p[0] != '/';
	if (a->json.kind == DATA_NONE) {
		if (!eval_text(f, &a->text, bytes, unknown, error))
			return false;
		*bytes = inside ? masked_text(f, *bytes) : *bytes;
		return true;
	}
	v = data_eval(&a->json, &f->e->p->codes, &env, &err);
	if (err.set) {
		*error = error_text(f, &err);
		return false;
	}
	buf_init(&b, 16 << 20);
	v = named_unknowns(f, v);
	json_print(inside ? masked_value(f, v) : v, &b, 2);
	buf_addc(&b, '\n');
	*bytes = arena_str(f->tmp, b.p, b.len);
	if (b.full)
		*error = STR("render: the result is longer than 16 MiB");
	buf_release(&b);
	return !error->n;
}

static enum started render_start(struct frame *f, const struct prog_step *ps, bool probe, struct str *error)
{
	struct str path = { 0 }, bytes = { 0 };
	bool unknown = f->unknown, absolute;
	struct command *c;

	(void)probe;
	if (!rendered(f, &ps->ast->render, &path, &bytes, &unknown, error))
		return STARTED_FAIL;
	absolute = path.n && path.p[0] == '/';
	if (!path.n) {
		*error = STR("render.to is empty");
		return STARTED_FAIL;
	}
	f->out->text = arena_str(&f->e->arena, bytes.p, bytes.n);
	c = op_queue(f, OP_FILE, OP_FOR_ACTION);
	c->write = absolute;
	c->unknown = absolute && unknown;
	c->file.path = path;
	c->file.absolute = absolute;
	c->file.bytes = f->out->text;
	f->op = c->op;
	return STARTED_WAIT;
}

static void render_describe(struct frame *f, const struct prog_step *ps, struct jsonw *w)
{
	const struct command *c = &f->e->queue[f->e->queue_len - 1];

	(void)ps;
	rec_text(f->e, w, "to", c->file.path);
	jsonw_kint(w, "bytes", (int64_t)measured_text(f, c->file.bytes).n);
}

static void render_show(struct frame *f, const struct prog_step *ps, struct buf *out)
{
	struct str path = { 0 }, bytes = { 0 }, error = { 0 };
	bool unknown = false;

	if (!rendered(f, &ps->ast->render, &path, &bytes, &unknown, &error) || !path.n || path.p[0] != '/')
		return; /* a file of the run */
	buf_addz(out, "printf %s ");
	show_quoted(f, bytes, out);
	buf_addz(out, " > ");
	show_quoted(f, path, out);
}

const struct step_kind kind_render = { .action = ACT_RENDER, .name = "render", .start = render_start,
				       .show = render_show, .describe = render_describe };

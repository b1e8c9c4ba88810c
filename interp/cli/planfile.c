#include "cli/planfile.h"

#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/origin.h"
#include "cli/source.h"
#include "journal/output.h"
#include "run/engine.h"
#include "value/json.h"

/* planfile: writing a plan, and running exactly that. */

enum { PLAN_MAX = 8 << 20 };

bool planfile_is(const char *path)
{
	static const char magic[] = "{\"runbook_plan\":1,";
	struct stat st;
	struct arena a;
	struct str text;
	bool is;

	if (stat(path, &st) || !S_ISREG(st.st_mode)) /* a pipe can be read only once */
		return false;
	arena_init(&a);
	is = !file_read(&a, path, PLAN_MAX, &text) && str_starts(text, str_of(magic));
	arena_release(&a);
	return is;
}

static bool put_files(struct cli *c, struct loaded *l, const struct unit *u, struct jsonw *w)
{
	const struct runbook *rb = u->rb;

	jsonw_key(w, "files");
	jsonw_open(w, '{');
	for (uint32_t i = 0; i < rb->files.count; i++) {
		struct git_entry file;
		char hex[65];

		if (!source_file(c, l, u, i, &file))
			return false;
		digest_hex(file.bytes, hex);
		jsonw_key(w, rb->files.list[i].p);
		jsonw_str(w, str_of(hex));
	}
	jsonw_close(w, '}');
	return true;
}

static bool put_modules(struct cli *c, struct loaded *l, struct jsonw *w)
{
	const struct program *p = l->program;
	bool ok = true;

	if (p->unit_count < 2)
		return true;
	jsonw_key(w, "modules");
	jsonw_open(w, '[');
	for (uint32_t i = 1; i < p->unit_count && ok; i++) {
		char hex[65];

		digest_hex(p->units[i]->rb->source->text, hex);
		jsonw_open(w, '{');
		jsonw_kstr(w, "name", p->units[i]->name);
		jsonw_kstr(w, "sha256", str_of(hex));
		ok = put_files(c, l, p->units[i], w);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	return ok;
}

/* The plan's text without its own digest. */
static bool plan_body(struct cli *c, struct loaded *l, const struct value *inputs, struct str outside, struct buf *out)
{
	const struct runbook *rb = l->program->rb;
	struct str base = l->path;
	struct jsonw w;

	for (size_t i = base.n; i-- > 0;)
		if (base.p[i] == '/') {
			base = str_slice(base, i + 1, base.n);
			break;
		}
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "runbook_plan", 1);
	jsonw_kstr(&w, "path", l->origin->pinned ? origin_lasting(c, l->origin) : arena_printf(&c->arena, "%s/" STR_FMT, l->dir, STR_ARG(base)));
	if (l->origin->pinned)
		jsonw_kstr(&w, "commit", str_of(l->origin->found.commit.hex));
	jsonw_kstr(&w, "digest", str_of(l->digest));
	jsonw_kstr(&w, "version", STR(RUNBOOK_VERSION));
	jsonw_kstr(&w, "runbook", rb->name);
	jsonw_key(&w, "inputs");
	jsonw_open(&w, '{');
	for (uint32_t i = 0; i < rb->input_count; i++) {
		jsonw_key(&w, rb->inputs[i].name.p);
		json_print_typed(inputs[i], out);
		w.comma = true;
	}
	jsonw_close(&w, '}');
	if (outside.n)
		jsonw_kstr(&w, "outside_window", outside);
	return put_files(c, l, l->program->units[0], &w) && put_modules(c, l, &w);
}

bool planfile_write(struct cli *c, struct loaded *l, const struct value *inputs, struct str outside, const char *path)
{
	struct buf b;
	char hex[65];
	int err = 0;
	bool ok;

	buf_init(&b, PLAN_MAX);
	ok = plan_body(c, l, inputs, outside, &b);
	if (ok) {
		digest_hex(buf_str(&b), hex);
		buf_printf(&b, ",\"plan\":\"%s\"}\n", hex);
		err = b.full ? FILE_TOO_LARGE : file_write_named(path, buf_str(&b), 0644, 1);
		if (err)
			cli_error("%s: %s", path, file_error(err));
	}
	buf_release(&b);
	return ok && !err;
}

static struct str text_of(struct value map, const char *key)
{
	const struct value *v = value_get(map, str_of(key));

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* The inputs of the plan, by name. */
static bool take_inputs(struct cli *c, struct loaded *l, struct value map, struct run_request *q)
{
	const struct runbook *rb = l->program->rb;

	q->inputs = arena_array(&c->arena, rb->input_count + 1, sizeof(*q->inputs));
	for (uint32_t i = 0; i < rb->input_count; i++) {
		const struct value *v = value_get(map, rb->inputs[i].name);

		if (!v)
			return false;
		q->inputs[i] = *v;
	}
	return map.n == rb->input_count;
}

static int refuse(const char *path, const char *why)
{
	cli_error("%s: refused: %s; make a new plan with `runbook plan SOURCE -o FILE`", path, why);
	return EXIT_USAGE;
}

struct answers { struct run_request *q; bool inputs; };

/* -i STEP.field=value answers a question; every other -i would change an input. */
static void add_answer(void *arg, const char *value)
{
	struct answers *a = arg;
	const char *eq = strchr(value, '=');
	struct str name = { value, eq ? (size_t)(eq - value) : 0 };

	if (!name.n || !memchr(name.p, '.', name.n))
		a->inputs = true;
	else
		a->q->presets[a->q->preset_count++] = (struct preset){ name, str_of(eq + 1) };
}

static int exec_plan(struct cli *c, const char *path, struct run_request *q, struct value plan, struct str text)
{
	const struct value *inputs = value_get(plan, STR("inputs"));
	struct str source = text_of(plan, "path"), outside = text_of(plan, "outside_window");
	struct answers answers = { q, cli_has(c, "inputs") };
	struct loaded l;
	struct buf b;
	int code;
	bool same;

	q->presets = arena_array(&c->arena, (size_t)c->given_count + 1, sizeof(*q->presets));
	cli_each(c, "input", add_answer, &answers);
	if (answers.inputs)
		return cli_usage(c, "a plan has its inputs already: -i and --inputs cannot change them");
	if (outside.n && q->outside_window.n)
		return cli_usage(c, "the plan says already why it goes on outside of its window: --outside-window cannot change that");
	if (outside.n)
		q->outside_window = outside;
	if (!str_eqz(text_of(plan, "version"), RUNBOOK_VERSION))
		return refuse(path, "it was made by another version of the program");
	if (!source.n || !inputs || inputs->kind != V_MAP || !source_load(c, source.p, &l))
		return EXIT_USAGE;
	buf_init(&b, PLAN_MAX);
	if (!l.source) { /* its version cannot be had any more: said in l.diags */
		source_report(c, &l.diags, DIAG_TEXT);
		code = refuse(path, "its source is not there as it was");
	} else if (!str_eqz(text_of(plan, "digest"), l.digest) || !l.program) {
		code = refuse(path, "the runbook has changed since");
	} else if (!take_inputs(c, &l, *inputs, q)) {
		code = refuse(path, "its inputs are not those of the runbook");
	} else {
		same = plan_body(c, &l, q->inputs, outside, &b) && str_starts(text, buf_str(&b));
		code = same ? runner_run(c, &l, q) : refuse(path, l.origin->pinned ? "its commit or one of its `files` has changed since" : "one of its `files` or modules has changed since");
	}
	buf_release(&b);
	source_release(&l);
	return code;
}

int planfile_exec(struct cli *c, const char *path, struct run_request *q)
{
	struct json_error je;
	struct value plan;
	struct str text, body;
	char hex[65];
	int err = file_read(&c->arena, path, PLAN_MAX, &text);
	ptrdiff_t at;

	if (err) {
		cli_error("%s: %s", path, file_error(err));
		return EXIT_USAGE;
	}
	if (!json_parse_members(&c->arena, text, 2, &plan, &je) || plan.kind != V_MAP) {
		cli_error("%s:%d:%d: not a plan: %s", path, je.line, je.column, je.text);
		return EXIT_USAGE;
	}
	at = (ptrdiff_t)text.n - 76; /* ,"plan":"<64 hex>"}\n */
	body = str_slice(text, 0, at > 0 ? (size_t)at : 0);
	digest_hex(body, hex);
	if (!str_eqz(text_of(plan, "plan"), hex))
		return refuse(path, "the plan file itself was changed");
	return exec_plan(c, path, q, plan, text);
}

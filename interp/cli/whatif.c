#include "cli/whatif.h"

#include <errno.h>
#include <string.h>
#include "base/mem.h"
#include "cli/past.h"
#include "host/git.h"
#include "host/jail.h"
#include "journal/output.h"
#include "plan/program.h"

/* whatif: the command: SOURCE and options first, then the jail, then the runs. */

/* --- assumptions ------------------------------------------------------------------- */

struct assuming { struct cli *c; struct whatif_source *src; struct align steps; bool ok; };

/* A key as a path: without items of loops and attempts of blocks. */
static struct str path_in(struct arena *a, struct str name)
{
	struct buf b;
	struct str path;

	buf_init(&b, 64 << 10);
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '[' || name.p[i] == '~')
			while (i < name.n && name.p[i] != '/' && name.p[i] != '!' && name.p[i] != ']')
				i++;
		if (i < name.n && name.p[i] != ']')
			buf_addc(&b, name.p[i]);
	}
	path = arena_str(a, b.p ? b.p : "", b.len);
	buf_release(&b);
	return path;
}

static bool can_fail(const struct prog_step *s)
{
	uint8_t a = s->ast->action;

	return a == ACT_RUN || a == ACT_HTTP || a == ACT_RENDER || action_asks(a);
}

static bool known_step(const struct assuming *as, struct str name)
{
	const struct map *all = &as->steps.is;
	struct str path = path_in(&as->c->arena, name), near;
	struct str *names = arena_array(&as->c->arena, all->count + 1, sizeof(*names));
	bool there = false;
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct aligned *x = all->entries[i].value;
		struct str id = x->ps->ast->id;

		if (str_eq(path, x->path) || (id.n && str_eq(name, id))) {
			there = true;
			if (can_fail(x->ps))
				return true;
		}
		if (id.n)
			names[n++] = id;
	}
	near = diag_nearest(name, names, n);
	if (there)
		cli_usage(as->c, "--assume: `" STR_FMT "` starts nothing that could fail: name a step that runs, requests, renders or asks", STR_ARG(name));
	else
		cli_usage(as->c, "--assume: SOURCE has no step `" STR_FMT "`%s" STR_FMT "%s", STR_ARG(name), near.n ? "; did you mean `" : "", STR_ARG(near),
			  near.n ? "`?" : "");
	return false;
}

static void add_assumption(void *arg, const char *value)
{
	struct assuming *as = arg;
	struct whatif_source *src = as->src;
	const char *eq = strrchr(value, '=');
	bool fail = eq && !strcmp(eq, "=fail");

	if (!eq || eq == value || (!fail && strcmp(eq, "=ok"))) {
		cli_usage(as->c, "--assume needs STEP=fail or STEP=ok, this is `%s`", value);
		as->ok = false;
		return;
	}
	src->assume[src->assume_count] = (struct assumption){ { value, (size_t)(eq - value) }, fail };
	as->ok = as->ok && known_step(as, src->assume[src->assume_count++].step);
}

/* --- SOURCE ------------------------------------------------------------------------------ */

/* What its `files:` hold, by name. */
static void digest_files(struct cli *c, struct whatif_source *src)
{
	const struct program *p = src->l.program;
	uint32_t n = 0;

	map_init(&src->files);
	for (uint32_t u = 0; u < p->unit_count; u++)
		for (uint32_t i = 0; i < p->units[u]->rb->files.count; i++) {
			char *hex = arena_alloc(&c->arena, 65);

			digest_hex(src->kept.files[n++].bytes, hex);
			(void)map_add(&src->files, p->units[u]->rb->files.list[i], hex);
		}
}

static bool read_source(struct cli *c, struct whatif_source *src, const char *name, bool json)
{
	struct assuming as = { .c = c, .src = src, .ok = true };
	enum diag_output how = json ? DIAG_JSON : DIAG_TEXT;

	*src = (struct whatif_source){ .name = name };
	map_init(&src->files);
	if (!source_load(c, name, &src->l))
		return false;
	diags_sort(&src->l.diags);
	if (!src->l.program) {
		source_report(c, &src->l.diags, how);
		return false;
	}
	if (!kept_read(c, &src->l, &src->kept))
		return false;
	digest_files(c, src);
	src->assume = arena_array(&c->arena, (size_t)c->given_count + 1, sizeof(*src->assume));
	align_programs(&as.steps, &c->arena, src->l.program, src->l.program); /* all its steps, by path */
	cli_each(c, "assume", add_assumption, &as);
	align_release(&as.steps);
	return as.ok;
}

/* --- one run -------------------------------------------------------------------------------- */

static int one_run(struct cli *c, const struct whatif_source *src, const struct past *p, bool json)
{
	struct whatif_case k;
	struct buf out;
	int code;

	whatif_ask(&k, c, p->dir, src);
	if (k.asked != ASKED_OK) {
		cli_error("run " STR_FMT ": " STR_FMT, STR_ARG(p->id), STR_ARG(k.why));
		code = k.asked == ASKED_CANNOT ? EXIT_DAMAGED : EXIT_USAGE;
	} else {
		buf_init(&out, 256 << 20);
		if (json)
			whatif_json(&k, src, &out);
		else
			whatif_text(&k, src, &out);
		cli_out(buf_str(&out));
		buf_release(&out);
		code = k.res->different ? EXIT_FAILED : EXIT_OK;
	}
	whatif_close(&k);
	return code;
}

static int jailed(struct cli *c, const struct whatif_source *src, const struct past *p, const char *corpus, bool json)
{
	int err = jail_enter();

	if (err) {
		cli_error("the kernel does not let us give up our rights (%s): a replay must not be able to act", strerror(err));
		return EXIT_INTERNAL;
	}
	return corpus ? whatif_corpus(c, src, corpus, json) : one_run(c, src, p, json);
}

int whatif_command(struct cli *c, bool json)
{
	const char *name = cli_arg(c, "against"), *corpus = cli_arg(c, "corpus");
	struct whatif_source src;
	struct past p;
	int code = EXIT_USAGE;

	if (corpus ? c->arg_count != 0 : c->arg_count != 1)
		return cli_usage(c, corpus ? "replay --against SOURCE --corpus DIR takes no run: it asks all in DIR" : "replay --against SOURCE needs a run, or --corpus DIR");
	if (cli_has(c, "speed"))
		return cli_usage(c, "--speed shows what happened; --against tells what would have happened: one of the two");
	if (whatif_fail_on(c) < 0)
		return EXIT_USAGE;
	if (!corpus && past_find(c, c->args[0], &p))
		return EXIT_USAGE; /* 1 says that it would go otherwise */
	if (read_source(c, &src, name, json))
		code = jailed(c, &src, &p, corpus, json);
	map_release(&src.files);
	source_release(&src.l);
	return code;
}

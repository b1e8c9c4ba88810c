#include "cli/command.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/mod_graph.h"
#include "cli/origin.h"
#include "cli/output.h"

/* mod: runbook.lock and runbook.vendor of one folder: made, checked, shown. */

enum { TEXT_MAX = 4 << 20, SHORT_ID = 12 };

static int find_line(const struct modlock *l, const struct modlock_line *like)
{
	const struct modlock_line *found = modlock_find(l, like->source, &like->version);

	return found ? (int)(found - l->lines) : -1;
}

/* --- update ----------------------------------------------------------------------- */

/* The lines of a graph. */
static struct modlock lines_of(struct mod_graph *g)
{
	struct arena *a = &g->c->arena;
	struct modlock out = { .lines = arena_array(a, g->count + 1, sizeof(*out.lines)) };

	for (uint32_t i = 0; i < g->count; i++) {
		const struct mod_pin *p = g->pins[i];

		if (p->named)
			continue;
		out.lines[out.count++] = (struct modlock_line){ .spec = p->spec, .source = p->source, .tag = p->tag, .version = p->version, .commit = p->commit,
								.tree = arena_printf(a, "sha256:%s", p->tree->digest) };
	}
	return out;
}

/* A tag that the lock knows must still be where it was. */
static bool none_moved(const struct modlock *was, const struct modlock *now)
{
	bool ok = true;

	for (uint32_t i = 0; i < now->count; i++) {
		const struct modlock_line *n = &now->lines[i];
		int at = find_line(was, n);

		if (at < 0 || !str_eq(was->lines[at].tag, n->tag) || str_eq(was->lines[at].commit, n->commit))
			continue;
		cli_error(MODLOCK_NAME ":%u: error[RB410]: the tag `" STR_FMT "` of " STR_FMT " was moved: it stood for commit " STR_FMT ", now for " STR_FMT,
			  was->lines[at].line, STR_ARG(n->tag), STR_ARG(n->spec.repo), STR_ARG(was->lines[at].commit), STR_ARG(n->commit));
		ok = false;
	}
	if (!ok)
		cli_error("help: ask who moved it; to accept it, take its line out of " MODLOCK_NAME " and update again");
	return ok;
}

static void show_changes(struct buf *b, const struct modlock *was, const struct modlock *now)
{
	for (uint32_t i = 0; i < was->count; i++)
		if (find_line(now, &was->lines[i]) < 0)
			buf_printf(b, "- " STR_FMT " " STR_FMT "\n", STR_ARG(was->lines[i].source), STR_ARG(was->lines[i].tag));
	for (uint32_t i = 0; i < now->count; i++) {
		const struct modlock_line *n = &now->lines[i];
		int at = find_line(was, n);

		if (at < 0)
			buf_printf(b, "+ " STR_FMT " " STR_FMT "\n", STR_ARG(n->source), STR_ARG(n->tag));
		else if (!str_eq(was->lines[at].tag, n->tag) || !str_eq(was->lines[at].tree, n->tree))
			buf_printf(b, "  " STR_FMT " " STR_FMT " -> " STR_FMT "\n", STR_ARG(n->source), STR_ARG(was->lines[at].tag), STR_ARG(n->tag));
	}
}

static int update(struct cli *c, struct mod_graph *g)
{
	const char *path = arena_printf(&c->arena, "%s/" MODLOCK_NAME, g->dir).p;
	struct others *x = &g->m.others;
	struct modlock was = { 0 }, now;
	struct fault f = { 0 };
	struct buf b, text;
	int err = 0;

	if (!mod_graph_resolve(g))
		return EXIT_USAGE;
	now = lines_of(g);
	if (others_lock(x, &f))
		was = x->lock;
	else if (x->there) /* it is written anew */
		cli_error("note: " STR_FMT, STR_ARG(f.text));
	if (!none_moved(&was, &now))
		return EXIT_USAGE;
	buf_init(&text, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	modlock_print(&now, &text);
	show_changes(&b, &was, &now);
	if ((now.count || x->there) && !str_eq(buf_str(&text), x->text))
		err = file_write_atomic(path, buf_str(&text), 0644, 1);
	if (err)
		cli_error("%s: %s", path, file_error(err));
	else
		buf_printf(&b, "%u module%s in " MODLOCK_NAME "\n", now.count, now.count == 1 ? "" : "s");
	cli_out(buf_str(&b));
	buf_release(&b);
	buf_release(&text);
	return err ? EXIT_FAILED : EXIT_OK;
}

/* --- verify ------------------------------------------------------------------------- */

static bool needed(const struct mod_graph *g, const struct modlock_line *line)
{
	for (uint32_t i = 0; i < g->count; i++)
		if (g->pins[i]->locked && g->pins[i]->locked->line == line)
			return true;
	return false;
}

/* The tag as its repository has it today, and the bytes of its commit. */
static bool verify_line(struct cli *c, struct others *anew, const struct modlock_line *line)
{
	struct fault f = { 0 };
	struct modtree b;
	struct origin *o = others_commit(anew, &line->spec, &f);

	if (o && !str_eqz(line->commit, o->found.commit.hex))
		fault_set(&f, &c->arena, 410, "the tag was moved: it stands for commit %s now", o->found.commit.hex);
	else if (o && others_tree(&c->arena, o, line->spec.path, &b, &f) && !str_eqz(str_slice(line->tree, 7, line->tree.n), b.digest))
		fault_set(&f, &c->arena, 435, "the bytes are not those of tree=");
	if (f.code)
		cli_error(MODLOCK_NAME ":%u: error[RB%d]: " STR_FMT, line->line, f.code, STR_ARG(f.text));
	return !f.code;
}

static int verify(struct cli *c, struct mod_graph *g)
{
	struct others *x = &g->m.others;
	struct others anew;
	struct fault f = { 0 };
	bool ok = mod_graph_locked(g);
	uint32_t good = 0;

	if (ok && !others_lock(x, &f) && x->there) { /* also where nothing is needed */
		cli_error(STR_FMT, STR_ARG(f.text));
		ok = false;
	}
	others_init(&anew, c, g->root, g->dir); /* tags are asked for again */
	for (uint32_t i = 0; ok && i < x->lock.count; i++)
		if (!needed(g, &x->lock.lines[i])) {
			cli_error(MODLOCK_NAME ":%u: nothing uses this module; `runbook mod update` takes it out", x->lock.lines[i].line);
			ok = false;
		}
	for (uint32_t i = 0; ok && i < x->lock.count; i++)
		good += verify_line(c, &anew, &x->lock.lines[i]);
	ok = ok && good == x->lock.count;
	if (ok)
		cli_out(arena_printf(&c->arena, "%u module%s as locked\n", good, good == 1 ? "" : "s"));
	others_release(&anew);
	return ok ? EXIT_OK : EXIT_USAGE;
}

/* --- vendor --------------------------------------------------------------------------- */

static int write_tree(struct cli *c, const char *fresh, const struct locked *l)
{
	int err = 0;

	for (uint32_t i = 0; i < l->tree.count && !err; i++) {
		const struct modtree_file *file = &l->tree.files[i];
		struct str path = others_vendor_path(&c->arena, l->line, file->path), whole, folder;
		size_t n;

		whole = arena_printf(&c->arena, "%s" STR_FMT, fresh, STR_ARG(str_slice(path, sizeof(VENDOR_NAME) - 1, path.n)));
		for (n = whole.n; whole.p[n - 1] != '/'; n--)
			;
		folder = arena_str(&c->arena, whole.p, n - 1);
		err = file_mkdirs(folder.p, 0755);
		if (!err || err == EEXIST)
			err = file_write_atomic(whole.p, file->bytes, file->mode == GIT_PROGRAM ? 0755 : 0644, 0);
	}
	return err;
}

/* The whole folder anew, then in the place of the old one. */
static int vendor(struct cli *c, struct mod_graph *g)
{
	const char *to = arena_printf(&c->arena, "%s/" VENDOR_NAME, g->dir).p, *fresh = arena_printf(&c->arena, "%s.new", to).p;
	uint32_t count = 0;
	int err;

	g->m.others.no_vendor = true;
	if (!mod_graph_locked(g))
		return EXIT_USAGE;
	err = file_remove_tree(fresh);
	err = err == ENOENT ? 0 : err;
	for (uint32_t i = 0; i < g->count && !err; i++) {
		if (!g->pins[i]->locked) {
			cli_error("note: " STR_FMT "@" STR_FMT " is named by its commit: it stays in its repository or the cache", STR_ARG(g->pins[i]->source),
				  STR_ARG(g->pins[i]->tag));
			continue;
		}
		err = write_tree(c, fresh, g->pins[i]->locked);
		count++;
	}
	if (!err) {
		err = file_remove_tree(to);
		err = err == ENOENT ? 0 : err;
	}
	if (!err && count && rename(fresh, to))
		err = errno;
	if (err) {
		cli_error("%s: %s", to, file_error(err));
		return EXIT_FAILED;
	}
	cli_out(arena_printf(&c->arena, "%u module%s in " VENDOR_NAME "\n", count, count == 1 ? "" : "s"));
	return EXIT_OK;
}

/* --- list, why --------------------------------------------------------------------------- */

static int list(struct cli *c, struct mod_graph *g, bool json)
{
	struct jsonw w;
	struct buf b;

	if (!mod_graph_locked(g))
		return EXIT_USAGE;
	buf_init(&b, TEXT_MAX);
	jsonw_init(&w, &b);
	if (json)
		jsonw_open(&w, '[');
	for (uint32_t i = 0; i < g->count; i++) {
		const struct mod_pin *p = g->pins[i];
		const char *from = p->named ? "commit" : p->locked->vendored ? "vendored" : str_starts(p->spec.repo, STR("file://")) ? "repository" : "cache";

		if (json) {
			jsonw_open(&w, '{');
			jsonw_kstr(&w, "source", p->source);
			jsonw_kstr(&w, "version", p->named ? STR("") : p->tag);
			jsonw_kstr(&w, "commit", p->commit);
			jsonw_kstr(&w, "tree", arena_printf(&c->arena, "sha256:%s", p->tree->digest));
			jsonw_kstr(&w, "from", str_of(from));
			jsonw_close(&w, '}');
		} else {
			buf_printf(&b, STR_FMT " " STR_FMT " " STR_FMT " %s\n", STR_ARG(p->source), STR_ARG(p->named ? STR("-") : p->tag),
				   STR_ARG(str_slice(p->commit, 0, SHORT_ID)), from);
		}
	}
	if (json) {
		jsonw_close(&w, ']');
		buf_addc(&b, '\n');
	}
	cli_out(buf_str(&b));
	buf_release(&b);
	return EXIT_OK;
}

/* Who asks for it, and the way there. */
static void show_askers(const struct mod_graph *g, const struct mod_pin *by, const struct modtree *uses, const struct mod_pin *what, struct buf *b)
{
	for (uint32_t i = 0; i < uses->use_count; i++) {
		const struct modtree_use *use = &uses->uses[i];
		struct version want;
		struct str source = arena_printf(&g->c->arena, "git+" STR_FMT "//" STR_FMT, STR_ARG(use->spec.repo), STR_ARG(use->spec.path));

		if (!str_eq(source, what->source) || (what->named ? !str_eq(use->spec.version, what->tag)
						      : !version_parse(use->spec.version, &want) || !modlock_same_major(&want, &what->version)))
			continue;
		buf_printf(b, "  " STR_FMT " asks for " STR_FMT, STR_ARG(mod_graph_place(g, by, use)), STR_ARG(use->spec.version));
		for (const struct mod_pin *p = by; p; p = p->by)
			buf_printf(b, ", used by " STR_FMT, STR_ARG(mod_graph_place(g, p->by, p->use)));
		buf_addc(b, '\n');
	}
}

static int why(struct mod_graph *g, struct str source)
{
	struct buf b;
	int code = EXIT_FAILED;

	if (!mod_graph_locked(g))
		return EXIT_USAGE;
	buf_init(&b, TEXT_MAX);
	for (uint32_t i = 0; i < g->count; i++) {
		const struct mod_pin *p = g->pins[i];

		if (!str_eq(p->source, source) && !str_eq(p->spec.text, source))
			continue;
		buf_printf(&b, STR_FMT " " STR_FMT "\n", STR_ARG(p->source), STR_ARG(p->tag));
		show_askers(g, NULL, &g->top, p, &b);
		for (uint32_t k = 0; k < g->count; k++)
			show_askers(g, g->pins[k], g->pins[k]->tree, p, &b);
		code = EXIT_OK;
	}
	if (code)
		cli_error("`" STR_FMT "` is not used; `runbook mod list` shows what is", STR_ARG(source));
	cli_out(buf_str(&b));
	buf_release(&b);
	return code;
}

/* --- the command --------------------------------------------------------------------------- */

static int mod_run(struct cli *c)
{
	const char *what = c->arg_count ? c->args[0] : "", *place;
	bool is_why = !strcmp(what, "why"), json;
	struct mod_graph g;
	int code = EXIT_USAGE, first = is_why ? 2 : 1;

	if (strcmp(what, "update") && strcmp(what, "verify") && strcmp(what, "vendor") && strcmp(what, "list") && !is_why)
		return cli_usage(c, "mod needs update, verify, vendor, list or why");
	if (c->arg_count < first || c->arg_count > first + 1)
		return cli_usage(c, is_why ? "mod why needs a module and at most one folder" : "mod %s takes at most one folder or runbook", what);
	if (!output_json(c, &json))
		return EXIT_USAGE;
	place = c->arg_count > first ? c->args[first] : ".";
	if (mod_graph_open(&g, c, place))
		code = is_why ? why(&g, str_of(c->args[1])) : what[0] == 'u' ? update(c, &g) : what[0] == 'l' ? list(c, &g, json)
		     : !strcmp(what, "verify") ? verify(c, &g) : vendor(c, &g);
	mod_graph_close(&g);
	return code;
}

static const struct option_row options[] = {
	{ "require-signed", 0, NULL, "refuse a version without a trusted signature" },
	{ "offline", 0, NULL, "never ask a server: use what was fetched before" },
	{ "output", 'o', "FORMAT", "(list) text (default) or json" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_mod = {
	.name = "mod",
	.usage = "mod update|verify|vendor|list|why MODULE [FOLDER]",
	.summary = "pin, check and show the modules of other repositories",
	.help = "For all runbooks of a folder (default: here), whose modules runbook.lock beside them pins.\n\n"
		"  update   write runbook.lock: of each module the highest version that anything asks for\n"
		"  verify   is every module what runbook.lock says, and every tag still where it was\n"
		"  vendor   write all modules into runbook.vendor, from which they are then taken\n"
		"  list     modules, versions, commits, and where their bytes come from\n"
		"  why      who asks for a module\n\n"
		"  runbook mod update\n"
		"  runbook mod why git+https://git.example.org/ops/rb//aws/ecs.yml\n",
	.options = options,
	.run = mod_run,
};

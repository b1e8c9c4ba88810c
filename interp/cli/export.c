#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/visible.h"
#include "cli/heads.h"
#include "cli/past.h"
#include "cli/settings.h"
#include "cli/statement.h"
#include "journal/bundle.h"
#include "journal/named.h"
#include "journal/state.h"

/*
 * export: a run in one file that verifies on another machine (journal/bundle.h): its
 * journal, what the journal names, signed heads, its report, the runs that it undoes;
 * and with a key a signed statement.
 */

enum { PARENTS_MAX = 8 };

struct collecting {
	struct cli *c;
	struct str dir, id;            /* of the run at hand */
	struct bundle_entry *list; uint32_t count, cap;
	const struct record *record;
	struct str parent;
	struct journal_scan scan;
	struct str why;
};

static void add(struct collecting *x, struct str name, struct bundle_entry e)
{
	e.path = arena_printf(&x->c->arena, STR_FMT "/" STR_FMT, STR_ARG(x->id), STR_ARG(name));
	if (!bundle_path_ok(e.path) || x->count > 2 * BUNDLE_FILES_MAX)
		return;
	if (x->count == x->cap) {
		struct bundle_entry *more = arena_array(&x->c->arena, x->cap ? x->cap * 2 : 64, sizeof(*more));

		if (x->count)
			memcpy(more, x->list, x->count * sizeof(*more));
		x->list = more;
		x->cap = x->cap ? x->cap * 2 : 64;
	}
	x->list[x->count++] = e;
}

static void add_file(struct collecting *x, struct str name)
{
	add(x, name, (struct bundle_entry){ .from = arena_printf(&x->c->arena, STR_FMT "/" STR_FMT, STR_ARG(x->dir), STR_ARG(name)) });
}

static void add_if_there(struct collecting *x, struct str name)
{
	struct stat st;

	if (!lstat(arena_printf(&x->c->arena, STR_FMT "/" STR_FMT, STR_ARG(x->dir), STR_ARG(name)).p, &st) && S_ISREG(st.st_mode))
		add_file(x, name);
}

/* --- what the journal names ------------------------------------------------------------ */

static void on_blob(void *arg, struct str hex)
{
	struct collecting *x = arg;

	add_file(x, arena_printf(&x->c->arena, "blobs/sha256/" STR_FMT, STR_ARG(hex)));
}

/* An answer's file is not masked, its record is: where that has a secret, the file stays here. */
static void on_answer(void *arg, struct str file)
{
	struct collecting *x = arg;

	if (str_find(x->record->line, STR("***")) >= 0 || memchr(file.p, '/', file.n) || !str_ends(file, STR(".json")))
		return;
	add_if_there(x, arena_printf(&x->c->arena, "answers/" STR_FMT, STR_ARG(file)));
	add_if_there(x, arena_printf(&x->c->arena, "answers/" STR_FMT ".sig", STR_ARG(str_slice(file, 0, file.n - 5))));
}

static void on_torn(void *arg, struct str file, struct str hex)
{
	(void)hex;
	if (!memchr(file.p, '/', file.n))
		add_if_there(arg, file);
}

static void on_record(void *arg, const struct record *r)
{
	struct collecting *x = arg;
	const struct named to = { .arg = x, .blob = on_blob, .answer = on_answer, .torn = on_torn };

	x->record = r;
	named_each(&x->c->arena, r, &to);
	if (str_eqz(r->t, "run.open"))
		x->parent = record_text(r, &x->c->arena, "rollback_of");
	x->parent = arena_str(&x->c->arena, x->parent.p ? x->parent.p : "", x->parent.n);
}

/* --- a run ------------------------------------------------------------------------------ */

static bool cannot(struct collecting *x, struct str why)
{
	x->why = why;
	return false;
}

/* What each seal says of who signed it, for a reader who has no list of keys yet. */
static void add_hint(struct collecting *x, struct str armored)
{
	struct str b64 = signed_dearmor(x->c, armored), fingerprint, line;

	if (signed_key(x->c, b64, &fingerprint, &line))
		add(x, STR("signers.hint"), (struct bundle_entry){ .bytes = arena_printf(&x->c->arena, "key-in-this-bundle " STR_FMT "\n", STR_ARG(line)) });
}

static bool add_heads(struct collecting *x)
{
	struct signed_head *heads;
	uint32_t n;
	int err = heads_read(x->c, x->dir, NULL, &heads, &n);
	struct str armored;

	if (err)
		return cannot(x, arena_printf(&x->c->arena, "heads: %s", strerror(err)));
	for (uint32_t i = 0; i < n; i++) {
		struct str name = arena_printf(&x->c->arena, "heads/" STR_FMT, STR_ARG(heads[i].name));
		struct str sig = arena_printf(&x->c->arena, STR_FMT ".sig", STR_ARG(name));

		add_if_there(x, name);
		add_if_there(x, sig);
		if (str_eqz(heads[i].name, "seal.head") &&
		    !file_read(&x->c->arena, arena_printf(&x->c->arena, STR_FMT "/" STR_FMT, STR_ARG(x->dir), STR_ARG(sig)).p, 1 << 16, &armored))
			add_hint(x, armored);
	}
	return true;
}

static bool collect(struct collecting *x, int depth)
{
	struct journal_scan scan;
	struct str parent;

	x->parent = STR("");
	journal_scan_file(arena_printf(&x->c->arena, STR_FMT "/journal.jsonl", STR_ARG(x->dir)).p, &scan, on_record, x);
	if (scan.state == JOURNAL_CORRUPT || scan.state == JOURNAL_UNREADABLE)
		return cannot(x, arena_printf(&x->c->arena, "the journal of run " STR_FMT " is damaged: %s", STR_ARG(x->id), scan.why));
	if (!depth)
		x->scan = scan;
	parent = x->parent;
	add_file(x, STR("journal.jsonl"));
	add_if_there(x, STR("report.run.json"));
	if (!add_heads(x) || !parent.n)
		return !x->why.n;
	if (depth >= PARENTS_MAX || !run_id_ok(parent))
		return cannot(x, STR("the run that it undoes has no id, or there are too many"));
	x->dir = arena_printf(&x->c->arena, STR_FMT STR_FMT, STR_ARG(str_slice(x->dir, 0, x->dir.n - RUN_ID_LEN)), STR_ARG(parent));
	x->id = parent;
	return collect(x, depth + 1);
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(((const struct bundle_entry *)a)->path, ((const struct bundle_entry *)b)->path);
}

/* Each once, with its size and digest. */
static bool measure(struct collecting *x)
{
	uint32_t n = 0;

	if (x->count)
		qsort(x->list, x->count, sizeof(*x->list), by_path);
	for (uint32_t i = 0; i < x->count; i++) {
		struct bundle_entry *e = &x->list[i];
		int err;

		if (n && str_eq(x->list[n - 1].path, e->path))
			continue;
		err = bundle_measure(e);
		if (err)
			return cannot(x, arena_printf(&x->c->arena, STR_FMT ": %s", STR_ARG(e->path), file_error(err)));
		if (str_find(e->path, STR("/blobs/")) >= 0 && !str_ends(e->path, str_of(e->hex)))
			return cannot(x, arena_printf(&x->c->arena, STR_FMT ": its bytes are not those that were stored", STR_ARG(e->path)));
		x->list[n++] = *e;
	}
	x->count = n;
	return true;
}

/* --- the file ---------------------------------------------------------------------------- */

static int write_bundle(struct collecting *x, struct str run, const char *path)
{
	struct file_new f;
	struct str why;
	int err;

	if (!strcmp(path, "-")) {
		why = bundle_write(&x->c->arena, run, x->list, x->count, STDOUT_FILENO);
	} else {
		err = file_begin_named(&f, path, 0600);
		if (err) {
			cli_error("%s: %s", path, file_error(err));
			return EXIT_FAILED;
		}
		why = bundle_write(&x->c->arena, run, x->list, x->count, f.fd);
		err = file_end(&f, why.n ? EIO : 0, 1);
		if (err && !why.n)
			why = str_of(file_error(err));
	}
	if (why.n)
		cli_error("%s: " STR_FMT, path, STR_ARG(why));
	return why.n ? EXIT_FAILED : EXIT_OK;
}

static void say(struct collecting *x, struct str run, const char *path)
{
	struct bundle_entry whole = { .from = str_of(path) };
	struct stat st;
	struct buf out;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || bundle_measure(&whole))
		return;
	buf_init(&out, 1 << 16);
	buf_printf(&out, STR_FMT " exported to ", STR_ARG(run));
	visible_add(&out, str_of(path));
	buf_printf(&out, ": %u files, %llu bytes, sha256 %s\n", x->count, (unsigned long long)whole.size, whole.hex);
	cli_out(buf_str(&out));
	buf_release(&out);
}

static int export_bundle(struct collecting *x, const struct past *p, const char *key)
{
	const char *path = cli_arg(x->c, "out");
	struct str envelope;
	int code;

	if (!path)
		path = arena_printf(&x->c->arena, STR_FMT ".tar", STR_ARG(p->id)).p;
	if (!collect(x, 0)) {
		cli_error(STR_FMT, STR_ARG(x->why));
		return EXIT_DAMAGED;
	}
	if (key && x->scan.sealed) {
		x->why = statement_envelope(x->c, p->dir, key, &envelope);
		if (x->why.n) {
			cli_error(STR_FMT, STR_ARG(x->why));
			return EXIT_FAILED;
		}
		x->id = p->id;
		add(x, STR("statement.dsse.json"), (struct bundle_entry){ .bytes = envelope });
	}
	if (!measure(x)) {
		cli_error(STR_FMT "; `runbook verify` says what else is wrong", STR_ARG(x->why));
		return EXIT_DAMAGED;
	}
	code = write_bundle(x, p->id, path);
	if (!code && !x->scan.sealed)
		cli_error("run " STR_FMT " has no seal: `runbook verify` of this bundle will say so", STR_ARG(p->id));
	if (!code && strcmp(path, "-"))
		say(x, p->id, path);
	return code;
}

static int export_statement(struct cli *c, const struct past *p, const char *key)
{
	const char *path = cli_arg(c, "out");
	struct str envelope, why;
	int err = 0;

	if (!key)
		return cli_usage(c, "a statement is signed: the setting sign_key names the key");
	why = statement_envelope(c, p->dir, key, &envelope);
	if (why.n) {
		cli_error(STR_FMT, STR_ARG(why));
		return EXIT_FAILED;
	}
	if (!path || !strcmp(path, "-"))
		cli_out(envelope);
	else
		err = file_write_named(path, envelope, 0644, 1);
	if (err)
		cli_error("%s: %s", path, file_error(err));
	return err ? EXIT_FAILED : EXIT_OK;
}

static int export_run(struct cli *c)
{
	struct collecting x = { .c = c, .why = STR("") };
	struct settings set;
	const char *key;
	struct past p;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "export needs a run");
	if (!settings_load(c, &set))
		return EXIT_USAGE;
	code = past_find(c, c->args[0], &p);
	if (code)
		return code;
	if (run_is_live(p.dir.p)) {
		cli_error("run " STR_FMT " is not over: wait for its end", STR_ARG(p.id));
		return EXIT_FAILED;
	}
	code = past_open_begun(c, c->args[0], &p);
	if (code)
		return code;
	key = set.of[SET_SIGN_KEY].value.n ? setting(&set, SET_SIGN_KEY) : NULL;
	x.dir = p.dir;
	x.id = p.id;
	return cli_has(c, "statement") ? export_statement(c, &p, key) : export_bundle(&x, &p, key);
}

static const struct option_row options[] = {
	{ "out", 'o', "FILE", "where to write; `-` is standard output (default: RUN.tar here)" },
	{ "statement", 0, NULL, "only the signed statement (in-toto in a DSSE envelope)" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_export = {
	.name = "export",
	.usage = "export RUN [-o FILE] [--statement]",
	.summary = "write a run into one file that verifies on another machine",
	.help = "The bundle is a tar file with the journal, the runbook, its modules and files, captured\n"
		"output, signed heads and the report; also the run that it undoes. Secrets are not in it.\n"
		"verify, replay, report, show, logs, diff and eval --run take the file instead of a run.\n\n"
		"  runbook export @last -o change-4711.tar\n"
		"  runbook verify change-4711.tar\n\n"
		"With the setting sign_key a signed statement about the run is part of it.\n",
	.options = options,
	.run = export_run,
};

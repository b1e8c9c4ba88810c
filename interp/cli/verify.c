/*
 * verify: is a run's folder what its runner wrote? Form and chain of the journal,
 * every blob that it names, the signed heads, the replay (so the sequence of
 * events is legal and every decision follows), and the report, made anew.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "base/visible.h"
#include "cli/anchor.h"
#include "cli/heads.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/rebuild.h"
#include "cli/settings.h"
#include "host/jail.h"
#include "cli/statement.h"
#include "journal/bundle.h"
#include "journal/mask.h"
#include "journal/named.h"
#include "journal/output.h"
#include "journal/state.h"
#include "report/report.h"

enum { BLOB_MAX = 128 << 20, FOUND_MAX = 20, STORED_MAX = 100000 /* files in blobs/sha256 that are looked at */ };

struct verifying {
	struct cli *c;
	struct str dir, run;
	const char *wanted;            /* --head */
	bool wanted_seen;
	struct signed_head *heads; uint32_t head_count;
	bool *head_seen;
	struct statement_found statement;
	struct anchor_found anchor;
	bool anchor_seen[ANCHORED_MAX];
	struct str version;            /* of the program that sealed it, as its runners say */
	struct arena record;           /* what the record at hand names */
	int64_t blobs, at;             /* at: number of the record at hand */
	struct map stored;             /* blobs that are there and that no record has named yet */
	uint32_t left_over;
	struct str found[FOUND_MAX]; uint32_t found_count; /* what is wrong */
	struct str notes[FOUND_MAX]; uint32_t note_count;  /* what is worth knowing */
};

static void add(struct str *list, uint32_t *n, struct str text)
{
	if (*n < FOUND_MAX)
		list[(*n)++] = text;
}

static void wrong(struct verifying *v, struct str text)
{
	add(v->found, &v->found_count, text);
}

static void note(struct verifying *v, struct str text)
{
	add(v->notes, &v->note_count, text);
}

/* --- blobs ------------------------------------------------------------------------- */

static void check_blob(struct verifying *v, struct str hex, int64_t record)
{
	struct arena a;
	struct str bytes;
	int err;

	if (!hex.n)
		return;
	arena_init(&a);
	err = blob_get(&a, v->dir.p, hex, BLOB_MAX, &bytes);
	v->blobs++;
	if (err)
		wrong(v, arena_printf(&v->c->arena, "record %lld: blob " STR_FMT ": %s", (long long)record, STR_ARG(hex),
				      err < 0 ? "its bytes are not those that were stored" : file_error(err)));
	arena_release(&a);
}

static void on_blob(void *arg, struct str hex)
{
	struct verifying *v = arg;
	bool *left = map_get(&v->stored, hex);

	if (left && *left) {
		*left = false;
		v->left_over--;
	}
	check_blob(v, hex, v->at);
}

static void list_stored(struct verifying *v)
{
	DIR *d = opendir(arena_printf(&v->c->arena, STR_FMT "/blobs/sha256", STR_ARG(v->dir)).p);
	const struct dirent *e;

	while (d && v->left_over < STORED_MAX && (e = readdir(d))) {
		bool *left;

		if (strlen(e->d_name) != 64)
			continue;
		left = arena_alloc(&v->c->arena, sizeof(*left));
		*left = true;
		if (map_add(&v->stored, arena_str(&v->c->arena, e->d_name, 64), left))
			v->left_over++;
	}
	if (d)
		closedir(d);
}

/* A runner that is killed between a blob and its record leaves it. */
static void note_left_over(struct verifying *v)
{
	if (v->left_over)
		note(v, arena_printf(&v->c->arena, "blobs: %u that no record names: left by a runner that was killed, and no damage", v->left_over));
}

static void on_odd(void *arg, const char *member)
{
	struct verifying *v = arg;

	wrong(v, arena_printf(&v->c->arena, "record %lld: `%s` is no output", (long long)v->at, member));
}

static void on_torn(void *arg, struct str file, struct str hex)
{
	struct verifying *v = arg;
	struct bundle_entry e = { .from = arena_printf(&v->c->arena, STR_FMT "/" STR_FMT, STR_ARG(v->dir), STR_ARG(file)) };
	int err = memchr(file.p, '/', file.n) ? EINVAL : bundle_measure(&e);

	if (err || !str_eqz(hex, e.hex))
		wrong(v, arena_printf(&v->c->arena, "record %lld: the file " STR_FMT " %s", (long long)v->at, STR_ARG(file),
				      err == ENOENT ? "is missing" : "is not what was cut off"));
}

static void on_record(void *arg, const struct record *r)
{
	struct verifying *v = arg;
	const struct named to = { .arg = v, .blob = on_blob, .torn = on_torn, .odd = on_odd };

	for (uint32_t i = 0; i < v->head_count; i++)
		if (v->heads[i].head.records == r->n)
			v->head_seen[i] = str_eqz(r->h, v->heads[i].head.hash);
	for (uint32_t i = 0; i < v->anchor.count; i++)
		if (v->anchor.heads[i].records == r->n)
			v->anchor_seen[i] = str_eqz(r->h, v->anchor.heads[i].hash);
	v->wanted_seen = v->wanted_seen || (v->wanted && str_eqz(r->h, v->wanted));
	if (str_eqz(r->t, "run.open") && record_int(r, "v", 0) != 1)
		wrong(v, STR("record 1: its format is of another version of the program"));
	if (str_eqz(r->t, "run.open"))
		v->run = arena_str(&v->c->arena, record_text(r, &v->c->arena, "run").p, record_text(r, &v->c->arena, "run").n);
	if (str_eqz(r->t, "run.open") || str_eqz(r->t, "epoch.open"))
		v->version = arena_str(&v->c->arena, record_text(r, &v->c->arena, "version").p, record_text(r, &v->c->arena, "version").n);
	v->at = r->n;
	arena_reset(&v->record);
	named_each(&v->record, r, &to);
}

/* --- the parts ------------------------------------------------------------------------ */

static void check_chain(struct verifying *v, const char *journal, struct journal_scan *scan)
{
	journal_scan_file(journal, scan, on_record, v);
	if (!scan->records && scan->state == JOURNAL_TORN)
		wrong(v, str_of(run_is_live(v->dir.p) ? "nothing is written yet: its runner has just begun"
				: "nothing was written: its runner died before it did anything"));
	else if (scan->state != JOURNAL_SOUND)
		wrong(v, arena_printf(&v->c->arena, "the journal is %s: %s", scan->state == JOURNAL_TORN ? "torn" : "damaged", scan->why));
	else if (!scan->sealed && !run_is_live(v->dir.p))
		wrong(v, STR("the run has neither a seal nor a living runner: more may have happened"));
	else if (!scan->sealed)
		note(v, STR("the run is not over"));
	if (v->wanted && !v->wanted_seen)
		wrong(v, arena_printf(&v->c->arena, "the head %.64s is not in this journal", v->wanted));
	else if (v->wanted && scan->sealed && !str_eqz(str_of(scan->head), v->wanted))
		note(v, STR("the journal has grown since that head"));
}

/* A head of the seal must be of the very seal: that of the beginning, put in its place, says
 * nothing of what came behind. */
static void check_heads(struct verifying *v, const struct journal_scan *scan, bool required)
{
	bool good = false;

	for (uint32_t i = 0; i < v->head_count; i++) {
		const struct signed_head *h = &v->heads[i];
		bool ours = str_eq(h->head.run, v->run) && v->head_seen[i], sealing = str_eqz(h->name, "seal.head");

		if (ours && sealing && (!scan->sealed || h->head.records != scan->records))
			wrong(v, STR("heads/seal.head: it is not of the seal"));
		else if (!h->head.run.n || !ours)
			wrong(v, arena_printf(&v->c->arena, "heads/" STR_FMT ": %.*s", STR_ARG(h->name),
					      STR_ARG(!h->head.run.n ? h->by.why : STR("it is of another journal than this"))));
		else if (h->by.good)
			note(v, arena_printf(&v->c->arena, "heads/" STR_FMT ": record %lld, signed by " STR_FMT, STR_ARG(h->name),
					     (long long)h->head.records, STR_ARG(h->by.signer)));
		else
			note(v, arena_printf(&v->c->arena, "heads/" STR_FMT ": not checked: " STR_FMT, STR_ARG(h->name), STR_ARG(h->by.why)));
		good = good || (ours && h->by.good && sealing && scan->sealed && h->head.records == scan->records);
	}
	if (required && !good)
		wrong(v, STR("no trusted signature stands under its seal"));
}

static void check_replay(struct verifying *v)
{
	struct rebuild b = { 0 };
	struct mask *m = mask_new();

	if (rebuild_open(&b, v->c, v->dir))
		(void)rebuild_replay(&b, NULL, m);
	if (b.why[0])
		wrong(v, arena_printf(&v->c->arena, "replay: %s%s", b.diverged ? "diverged at " : "", b.why));
	else if (b.alike.count)
		note(v, arena_printf(&v->c->arena, "replay: %u text%s of the runbook masked wherever it stands, as the value of a secret",
				     b.alike.count, b.alike.count == 1 ? "" : "s"));
	rebuild_release(&b);
	mask_free(m);
}

/* What another version of the program made may look otherwise: then that is said, and no more. */
static void not_ours(struct verifying *v, const char *file, const char *why)
{
	if (str_eqz(v->version, RUNBOOK_VERSION))
		wrong(v, arena_printf(&v->c->arena, "%s %s", file, why));
	else
		note(v, arena_printf(&v->c->arena, "%s is of version " STR_FMT " of the program: not compared", file, STR_ARG(v->version)));
}

static void check_report(struct verifying *v, const char *journal)
{
	struct str path = arena_printf(&v->c->arena, STR_FMT "/report.run.json", STR_ARG(v->dir)), bytes;
	struct report r;
	struct buf out;
	int err = file_read(&v->c->arena, path.p, REPORT_BYTES_MAX, &bytes);

	if (err == ENOENT)
		return; /* it is made when it is asked for */
	if (err) {
		wrong(v, arena_printf(&v->c->arena, "report.run.json: %s", file_error(err)));
		return;
	}
	buf_init(&out, REPORT_BYTES_MAX);
	if (!report_read(&v->c->arena, journal, false, &r) || !report_make(&r, v->dir.p, REPORT_JSON, &out) || !str_eq(buf_str(&out), bytes))
		not_ours(v, "report.run.json", "is not what the journal gives");
	buf_release(&out);
}

/* The note on the commit, where its repository can be read. required: the caller named one. */
static void check_anchor(struct verifying *v, bool required)
{
	const struct anchor_found *f = &v->anchor;

	if (f->why.n && required)
		wrong(v, arena_printf(&v->c->arena, "refs/notes/runbook: " STR_FMT, STR_ARG(f->why)));
	else if (f->why.n)
		note(v, arena_printf(&v->c->arena, "refs/notes/runbook: not read: " STR_FMT, STR_ARG(f->why)));
	for (uint32_t i = 0; i < f->count; i++)
		if (v->anchor_seen[i])
			note(v, arena_printf(&v->c->arena, "refs/notes/runbook: record %lld, on commit %.12s of " STR_FMT,
					     (long long)f->heads[i].records, f->commit.p, STR_ARG(f->repository)));
		else
			wrong(v, arena_printf(&v->c->arena, "refs/notes/runbook: the head of this run on commit %.12s of " STR_FMT " is of another journal than this",
					      f->commit.p, STR_ARG(f->repository)));
	if (required && !f->why.n && !f->count)
		wrong(v, arena_printf(&v->c->arena, "refs/notes/runbook: no head of this run on commit " STR_FMT " of " STR_FMT,
				      STR_ARG(f->commit), STR_ARG(f->repository)));
}

static void check_statement(struct verifying *v)
{
	const struct statement_found *f = &v->statement;

	if (!f->there)
		return;
	if (f->why.n)
		wrong(v, arena_printf(&v->c->arena, "statement.dsse.json: " STR_FMT, STR_ARG(f->why)));
	else if (!statement_holds(v->c, v->dir, f))
		not_ours(v, "statement.dsse.json", "does not say what the run gives");
	else if (f->by.good)
		note(v, arena_printf(&v->c->arena, "statement.dsse.json: signed by " STR_FMT, STR_ARG(f->by.signer)));
	else
		note(v, arena_printf(&v->c->arena, "statement.dsse.json: signature not checked: " STR_FMT, STR_ARG(f->by.why)));
}

/* --- the answer ------------------------------------------------------------------------ */

static void put_list(struct jsonw *w, const char *name, const struct str *list, uint32_t n)
{
	jsonw_key(w, name);
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < n; i++)
		jsonw_str(w, list[i]);
	jsonw_close(w, ']');
}

static void say_json(const struct verifying *v, const struct journal_scan *scan, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "run", v->run);
	jsonw_kbool(&w, "verified", !v->found_count);
	jsonw_kint(&w, "records", scan->records);
	jsonw_kint(&w, "blobs", v->blobs);
	jsonw_kstr(&w, "head", str_of(scan->head));
	put_list(&w, "wrong", v->found, v->found_count);
	put_list(&w, "notes", v->notes, v->note_count);
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

static void say_text(const struct verifying *v, const struct journal_scan *scan, struct buf *out)
{
	visible_add(out, v->run.n ? v->run : v->dir);
	if (!v->found_count)
		buf_printf(out, " verified: %lld records, %lld blobs, head %s\n", (long long)scan->records, (long long)v->blobs, scan->head);
	else
		buf_addz(out, " NOT verified\n");
	for (uint32_t i = 0; i < v->found_count; i++) {
		buf_addz(out, "  wrong  ");
		visible_add(out, v->found[i]);
		buf_addc(out, '\n');
	}
	for (uint32_t i = 0; i < v->note_count; i++) {
		buf_addz(out, "  note   ");
		visible_add(out, v->notes[i]);
		buf_addc(out, '\n');
	}
}

/* id: of the run that must be in it; empty: any. */
static int verify_folder(struct cli *c, struct str dir, struct str id, bool json)
{
	struct verifying v = { .c = c, .dir = dir, .wanted = cli_arg(c, "head") };
	const char *journal = arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(dir)).p;
	struct journal_scan scan;
	const char *signers;
	struct settings set;
	struct buf out;
	int err;

	if (!settings_load(c, &set))
		return EXIT_USAGE;
	arena_init(&v.record);
	signers = set.of[SET_SIGNERS].value.n ? setting(&set, SET_SIGNERS) : NULL;
	err = heads_read(c, dir, signers, &v.heads, &v.head_count);
	if (err)
		wrong(&v, arena_printf(&c->arena, "heads: %s", strerror(err)));
	statement_read(c, dir, signers, &v.statement);
	anchor_read(c, dir, cli_arg(c, "repository"), &v.anchor);
	map_init(&v.stored);
	list_stored(&v);
	v.head_seen = arena_array(&c->arena, v.head_count + 1u, sizeof(*v.head_seen));
	err = jail_enter(); /* the programs that check signatures have run */
	if (err) {
		cli_error("the kernel does not let us give up our rights: %s", strerror(err));
		return EXIT_INTERNAL;
	}
	check_chain(&v, journal, &scan);
	check_heads(&v, &scan, cli_has(c, "require-signed"));
	check_anchor(&v, cli_has(c, "repository"));
	if (scan.state == JOURNAL_SOUND) {
		check_replay(&v);
		check_report(&v, journal);
		check_statement(&v);
		if (!run_is_live(dir.p))
			note_left_over(&v);
	}
	if (id.n && v.run.n && !str_eq(id, v.run))
		wrong(&v, arena_printf(&c->arena, "the journal is of run " STR_FMT ", not of " STR_FMT, STR_ARG(v.run), STR_ARG(id)));
	arena_release(&v.record);
	map_release(&v.stored);
	buf_init(&out, 1 << 20);
	if (json)
		say_json(&v, &scan, &out);
	else
		say_text(&v, &scan, &out);
	cli_out(buf_str(&out));
	buf_release(&out);
	return v.found_count ? EXIT_DAMAGED : EXIT_OK;
}

/* Without `.` and slashes behind: the run that it undoes lies beside it. */
static struct str folder_of(struct cli *c, const char *path)
{
	char whole[PATH_MAX];

	return realpath(path, whole) ? arena_str(&c->arena, whole, strlen(whole)) : str_of(path);
}

static int verify_run(struct cli *c)
{
	struct past p;
	struct stat st;
	bool json;
	int code;

	if (c->arg_count != 1)
		return cli_usage(c, "verify needs a run, the folder of one, or a bundle");
	if (!output_json(c, &json))
		return EXIT_USAGE;
	if (strchr(c->args[0], '/') && !stat(c->args[0], &st) && S_ISDIR(st.st_mode))
		return verify_folder(c, folder_of(c, c->args[0]), STR(""), json);
	code = past_find(c, c->args[0], &p);
	return code ? code : verify_folder(c, p.dir, p.id, json);
}

static const struct option_row options[] = {
	{ "head", 0, "HASH", "a head that you kept: the journal must contain it" },
	{ "require-signed", 0, NULL, "a trusted signature must stand under the seal (setting allowed_signers)" },
	{ "repository", 0, "DIR", "a clone of the runbook's repository: its notes must have the head of this run" },
	{ "output", 'o', "FORMAT", "text (default) or json" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_verify = {
	.name = "verify",
	.usage = "verify RUN|FOLDER|BUNDLE [--head HASH] [--require-signed]",
	.summary = "check that a run's journal, blobs and report are whole and true",
	.help = "Checks the form and the chain of the journal, every blob that it names, the signed heads\n"
		"in the run's folder, that a replay makes the same journal, and the report. A folder is a\n"
		"path with a slash: a copy of a run's folder; a bundle is a file that `runbook export` made.\n"
		"Neither needs the machine that it comes from, nor a network.\n\n"
		"Exit 0 verified, 6 not (the list says what is wrong), also for a run that has neither a\n"
		"seal nor a living runner.\n",
	.options = options,
	.run = verify_run,
	.bundles = true,
};

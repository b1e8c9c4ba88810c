#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/kept.h"
#include "cli/runner_parts.h"
#include "cli/source.h"
#include "cli/telemetry.h"
#include "journal/mask.h"
#include "journal/maskfind.h"
#include "value/json.h"
#include "value/units.h"

/*
 * runner_record: the first record of a run: what runs and where from, with which
 * inputs, by whom and when.
 */

/* Inputs with a secret in them: the record has them masked, so nobody can go on with them. */
static void put_hidden(struct runner *r, struct jsonw *w)
{
	const struct runbook *rb = r->l->program->rb;
	bool any = false;

	for (uint32_t i = 0; i < rb->input_count && !mask_empty(r->mask); i++) {
		struct buf v;

		buf_init(&v, 1 << 20);
		json_print(r->q->inputs[i], &v, 0);
		if (mask_find(r->mask, buf_str(&v))) {
			if (!any) {
				jsonw_key(w, "hidden");
				jsonw_open(w, '[');
			}
			any = true;
			jsonw_str(w, rb->inputs[i].name);
		}
		buf_release(&v);
	}
	if (any)
		jsonw_close(w, ']');
}

static void put_inputs(struct runner *r, struct jsonw *w)
{
	const struct runbook *rb = r->l->program->rb;

	jsonw_key(w, "inputs");
	jsonw_open(w, '{');
	for (uint32_t i = 0; i < rb->input_count; i++) {
		struct buf v;

		buf_init(&v, r->open_body.max);
		json_print_typed(r->q->inputs[i], &v);
		jsonw_key(w, rb->inputs[i].name.p);
		jsonw_raw(w, buf_str(&v));
		r->open_body.full = r->open_body.full || v.full; /* refused: a run that does not know its inputs cannot be undone */
		buf_release(&v);
	}
	jsonw_close(w, '}');
	put_hidden(r, w);
	jsonw_key(w, "secrets");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < r->l->program->secret_count; i++)
		jsonw_str(w, r->l->program->secrets[i].secret->name);
	jsonw_close(w, ']');
}

static void put_boot_id(struct jsonw *w, struct cli *c)
{
	struct str boot;

	if (!file_read(&c->arena, "/proc/sys/kernel/random/boot_id", 64, &boot))
		jsonw_kstr(w, "boot", str_trim(boot));
}

void runner_put_who(struct runner *r, struct jsonw *w)
{
	jsonw_kstr(w, "operator", r->operator_name);
	if (r->claimed_operator)
		jsonw_kbool(w, "claimed", true);
	jsonw_kstr(w, "user", r->user);
	jsonw_kint(w, "uid", (int64_t)geteuid());
	jsonw_kstr(w, "host", str_of(r->host));
	put_boot_id(w, r->c);
	jsonw_kint(w, "pid", (int64_t)getpid());
}

/* As of when `vars` and `lock` were evaluated. */
static void put_start(struct runner *r, struct jsonw *w)
{
	struct buf t;

	buf_init(&t, 64);
	unit_put_time(&t, r->wall / 1000 * 1000);
	jsonw_kstr(w, "start", buf_str(&t));
	buf_release(&t);
}

bool runner_first_record(struct runner *r)
{
	const struct runbook *rb = r->l->program->rb;
	struct jsonw w;
	int err;

	buf_init(&r->open_body, 200 << 10);
	jsonw_init(&w, &r->open_body);
	jsonw_kstr(&w, "t", STR("run.open"));
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "run", str_of(r->id));
	jsonw_kstr(&w, "program", str_of(r->l->digest));
	jsonw_kstr(&w, "version", STR(RUNBOOK_VERSION));
	jsonw_kstr(&w, "runbook", rb->name);
	if (rb->version.n)
		jsonw_kstr(&w, "runbook_version", rb->version);
	jsonw_kstr(&w, "path", r->l->path);
	jsonw_kstr(&w, "dir", str_of(r->work));
	put_inputs(r, &w);
	put_start(r, &w);
	runner_put_who(r, &w);
	jsonw_kstr(&w, "seed", str_of(r->seed));
	jsonw_kbool(&w, "dry", r->dry_run);
	jsonw_kbool(&w, "sync", !r->no_sync);
	jsonw_kbool(&w, "interactive", r->interactive);
	jsonw_kint(&w, "steps", (int64_t)rb->step_count);
	if (r->lock.n)
		jsonw_kstr(&w, "lock", r->lock);
	runner_put_people(r, &w);
	telemetry_put_parent(&w);
	if (rb->title.kind == DATA_LIT)
		jsonw_kstr(&w, "title", value_text(rb->title.lit));
	err = kept_write(r->l, &r->kept, r->dir.p, r->work, !r->no_sync, runner_shared(r), &w);
	if (err) {
		cli_error("the run's folder " STR_FMT ": %s", STR_ARG(r->dir), strerror(err));
		return false;
	}
	if (r->open_body.full) {
		cli_error("the inputs and modules are too long for a journal record (200 KiB in all)");
		return false;
	}
	return true;
}

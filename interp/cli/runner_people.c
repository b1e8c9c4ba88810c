#include "cli/runner_parts.h"

#include <unistd.h>
#include "base/jsonw.h"
#include "cli/command.h"
#include "cli/site.h"
#include "cli/source.h"
#include "host/git.h"
#include "journal/output.h"
#include "plan/listing.h"
#include "value/json.h"

/*
 * runner_people: what a new run's engine is told of people besides the runbook:
 * whose account it is, the site's roles, what approvals are bound to; and the
 * members of run.open from which a takeover has it again.
 */

/* What approvals are bound to besides the run: program, runbook, modules, their files, inputs. */
static struct str plan_digest(struct runner *r)
{
	const struct program *p = r->l->program;
	const struct runbook *rb = p->rb;
	uint32_t files = 0;
	struct buf b;
	char hex[65];

	buf_init(&b, 64 << 20);
	buf_printf(&b, "runbook-plan/v1\n%s\n%s\n", RUNBOOK_VERSION, r->l->digest);
	for (uint32_t i = 0; i < p->unit_count; i++) {
		digest_hex(p->units[i]->rb->source->text, hex);
		buf_printf(&b, "%s\n", hex);
		files += p->units[i]->rb->files.count;
	}
	for (uint32_t i = 0; i < files; i++) {
		digest_hex(r->kept.files[i].bytes, hex);
		buf_printf(&b, "%s\n", hex);
	}
	for (uint32_t i = 0; i < rb->input_count; i++) {
		json_print_typed(r->q->inputs[i], &b);
		buf_addc(&b, '\n');
	}
	digest_hex(buf_str(&b), hex);
	buf_release(&b);
	return arena_str(&r->c->arena, hex, 64);
}

void runner_people(struct runner *r)
{
	struct run_setup *s = &r->setup;

	s->revision = ENGINE_REVISION;
	s->user = r->user;
	s->uid = (int64_t)geteuid();
	s->plan = plan_digest(r);
	s->roles = site_roles(r->c, r->l->program->rb, r->set.people, r->set.people_count);
	s->outside_window = r->q->outside_window;
}

void runner_put_people(struct runner *r, struct jsonw *w)
{
	const struct run_setup *s = &r->setup;
	const struct runbook *rb = r->l->program->rb;

	jsonw_kint(w, "revision", s->revision);
	jsonw_kstr(w, "plan", s->plan);
	if (s->outside_window.n)
		jsonw_kstr(w, "outside_window", s->outside_window);
	if (!s->roles)
		return;
	jsonw_key(w, "roles");
	jsonw_open(w, '{');
	for (uint32_t i = 0; i < rb->role_count; i++) {
		if (!s->roles[i].who_count && !s->roles[i].notify.n)
			continue;
		jsonw_key(w, rb->roles[i].name.p);
		jsonw_open(w, '{');
		jsonw_key(w, "who");
		jsonw_open(w, '[');
		for (uint32_t k = 0; k < s->roles[i].who_count; k++)
			jsonw_str(w, s->roles[i].who[k]);
		jsonw_close(w, ']');
		jsonw_kstr(w, "notify", s->roles[i].notify);
		jsonw_close(w, '}');
	}
	jsonw_close(w, '}');
}

bool runner_shared(const struct runner *r)
{
	return r->set.of[SET_GROUP].value.n > 0;
}

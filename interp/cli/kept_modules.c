#include "cli/kept_modules.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/modules.h"
#include "journal/output.h"
#include "plan/program.h"
#include "syntax/node.h"

/* kept_modules: so that a run is replayed and undone with the modules that it had, not with those of today. */

void kept_put_uses(const struct program *p, struct jsonw *w)
{
	jsonw_key(w, "uses");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < p->unit_count; i++) {
		const struct unit *u = p->units[i];

		for (uint32_t k = 0; k < u->rb->use_count; k++) {
			const struct call *c = p->steps[u->rb->uses[k]->ix].call;

			if (!c) /* of a list that a use leaves out */
				continue;
			jsonw_open(w, '[');
			jsonw_str(w, u->from.key);
			jsonw_str(w, u->rb->uses[k]->uses.source);
			jsonw_str(w, c->unit->from.key);
			jsonw_close(w, ']');
		}
	}
	jsonw_close(w, ']');
}

static struct str text_of(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

static bool is_text(struct value v, struct str s)
{
	return v.kind == V_STRING && str_eq(value_text(v), s);
}

/* The key that stands for a `uses` of the file `from`. */
static struct str key_of(const struct kept_modules *k, struct str from, struct str uses)
{
	for (uint32_t i = 0; k->uses.kind == V_LIST && i < k->uses.n; i++) {
		struct value u = k->uses.list[i];

		if (u.kind == V_LIST && u.n == 3 && is_text(u.list[0], from) && is_text(u.list[1], uses) && u.list[2].kind == V_STRING)
			return value_text(u.list[2]);
	}
	return STR("");
}

static bool fetch(void *arg, struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f)
{
	const struct kept_modules *k = arg;
	struct str key = key_of(k, from->key, uses->text);
	struct module_place *here = arena_alloc(a, sizeof(*here));

	for (uint32_t i = 0; key.n && k->modules.kind == V_LIST && i < k->modules.n; i++) {
		struct value m = k->modules.list[i];
		int err;

		if (!str_eq(text_of(m, "key"), key))
			continue;
		here->key = key;
		*out = (struct fetched){ .key = key, .source = text_of(m, "name"), .name = text_of(m, "path"), .dir = text_of(m, "dir"), .place = here };
		err = blob_get(a, k->run_dir.p, text_of(m, "sha256"), NODE_BYTES_MAX + 1, &out->bytes);
		if (err)
			return fault_set(f, a, 420, "the module " STR_FMT " as it ran: %s", STR_ARG(key), err < 0 ? "its hash is wrong" : file_error(err));
		return true;
	}
	return fault_set(f, a, 420, "the run has not kept the module `" STR_FMT "`", STR_ARG(uses->text));
}

void kept_modules_init(struct kept_modules *k, struct str run_dir, struct value modules, struct value uses)
{
	static const struct module_place runbook;

	*k = (struct kept_modules){ run_dir, modules, uses, { fetch, k, &runbook, true } };
}

#include "cli/site.h"

#include <string.h>
#include "cli/command.h"
#include "run/engine.h"
#include "syntax/node.h"

/* site: see site.h. */

static bool wrong(const struct node *n, struct str origin, const char *what)
{
	cli_error(STR_FMT ":%u: %s", STR_ARG(origin), source_locate(n->span.src, n->span.start).line, what);
	return false;
}

static bool read_who(struct cli *c, const struct node *n, struct site_people *out, struct str origin)
{
	struct str *list = arena_array(&c->arena, n->count + 1u, sizeof(*list));

	if (n->kind != NODE_SEQ)
		return wrong(n, origin, "`who` needs a list of names: [kim, lee]");
	for (const struct node *v = n->first; v; v = v->next) {
		if (v->kind != NODE_SCALAR || !v->text.n)
			return wrong(v, origin, "`who` needs names");
		list[out->who_count++] = v->text;
	}
	out->who = list;
	return true;
}

static bool read_role(struct cli *c, const struct node *n, struct site_people *out, struct str origin)
{
	out->name = n->key;
	out->origin = origin;
	if (n->kind != NODE_MAP)
		return wrong(n, origin, "a role is { who: [kim, lee], notify: channel }");
	for (const struct node *v = n->first; v; v = v->next) {
		if (str_eqz(v->key, "who")) {
			if (!read_who(c, v, out, origin))
				return false;
		} else if (str_eqz(v->key, "notify") && v->kind == NODE_SCALAR) {
			out->notify = v->text;
		} else {
			return wrong(v, origin, "a role has `who` and `notify`");
		}
	}
	return true;
}

bool site_read(struct cli *c, const struct node *map, struct str origin, struct site_people **list, uint32_t *count)
{
	struct site_people *all = arena_array(&c->arena, (size_t)*count + map->count + 1, sizeof(*all));

	if (map->kind != NODE_MAP)
		return wrong(map, origin, "`roles` needs `name: { who: [kim, lee] }` lines");
	if (*count)
		memcpy(all, *list, *count * sizeof(*all));
	*list = all;
	for (const struct node *v = map->first; v; v = v->next)
		if (!read_role(c, v, &all[(*count)++], origin))
			return false;
	return true;
}

struct site_role *site_roles(struct cli *c, const struct runbook *rb, const struct site_people *list, uint32_t count)
{
	struct site_role *out = arena_array(&c->arena, rb->role_count + 1u, sizeof(*out));
	bool any = false;

	for (uint32_t i = 0; i < rb->role_count; i++)
		for (uint32_t k = 0; k < count; k++) {
			if (!str_eq(rb->roles[i].name, list[k].name))
				continue;
			any = true;
			if (list[k].who_count) {
				out[i].who = list[k].who;
				out[i].who_count = list[k].who_count;
			}
			if (list[k].notify.n)
				out[i].notify = list[k].notify;
		}
	return any ? out : NULL;
}

#include "cli/source.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/modules.h"
#include "cli/origin.h"
#include "journal/output.h"
#include "run/engine.h"
#include "syntax/node.h"

/* source: files to programs, options to inputs. */

enum { SOURCE_MAX = 64 << 20 /* the reader refuses what is over its own limit, with a place */ };

static bool load_file(struct cli *c, const char *name, struct loaded *l)
{
	char real[PATH_MAX];
	struct str text;
	int err = file_read(&c->arena, name, SOURCE_MAX, &text);

	if (err) {
		cli_error("%s: %s", name, file_error(err));
		return false;
	}
	if (strcmp(name, "-") && realpath(name, real)) {
		char *slash = strrchr(real, '/');

		l->origin->spec.path = arena_str(&c->arena, slash + 1, strlen(slash + 1));
		*(slash == real ? slash + 1 : slash) = 0;
		l->dir = arena_str(&c->arena, real, strlen(real)).p;
	}
	l->source = source_new(&c->arena, l->path, text);
	return true;
}

/* The part of SOURCE that a fault is about, where the fault does not say. */
static void point(struct fault *f, const struct spec *spec)
{
	bool version = f->code == 402 || f->code == 403 || f->code == 410 || f->code == 414;
	bool path = f->code == 405 || f->code == 406 || f->code == 407;
	struct str part = version ? spec->version : path ? spec->path : STR("");

	if (f->to || !part.n)
		return;
	f->from = (uint32_t)(part.p - spec->text.p);
	f->to = f->from + (uint32_t)part.n;
}

/* A version of a file. What is wrong with SOURCE is a diagnostic in it. */
static bool load_version(struct cli *c, const struct spec *spec, struct fault *f, struct loaded *l)
{
	struct source *asked = source_new(&c->arena, STR("SOURCE"), spec_shown(&c->arena, l->path));
	struct str bytes = { 0 };

	if (!f->code && origin_open(c, spec, l->origin, &bytes, f)) {
		l->source = source_new(&c->arena, l->path, bytes);
		return true;
	}
	point(f, spec);
	if (f->code)
		fault_report(f, &l->diags, span_of(asked, 0, (uint32_t)l->path.n));
	return f->code;
}

bool source_load(struct cli *c, const char *name, struct loaded *l)
{
	char real[PATH_MAX];
	struct load_options options = { 0 };
	struct fault f = { 0 };
	struct spec spec;
	bool ok;

	*l = (struct loaded){ .path = str_of(name), .dir = "." };
	l->origin = arena_alloc(&c->arena, sizeof(*l->origin));
	l->origin->spec = (struct spec){ .text = l->path, .path = l->path };
	diags_init(&l->diags, &c->arena);
	if (realpath(".", real))
		l->dir = arena_str(&c->arena, real, strlen(real)).p;
	if (!strcmp(name, "-") || !access(name, F_OK)) /* a file of that very name wins */
		ok = load_file(c, name, l);
	else if (spec_parse(&c->arena, l->path, &spec, &f) && spec.kind != SPEC_GIT && !spec.version.n)
		ok = load_file(c, name, l);
	else
		ok = load_version(c, &spec, &f, l);
	if (!ok || !l->source)
		return ok;
	digest_hex(l->source->text, l->digest);
	l->modules = arena_alloc(&c->arena, sizeof(*l->modules));
	module_source_init(l->modules, c, l->origin, l->dir, name[0] == '/');
	options.fetch = &l->modules->fetch;
	l->program = program_load(&c->arena, l->source, &options, &l->diags);
	if (l->modules->others.modules)
		digest_hex(l->modules->others.text, l->origin->lock);
	return true;
}

bool source_file(struct cli *c, struct loaded *l, const struct unit *u, uint32_t i, struct git_entry *out)
{
	const struct runbook *rb = u->rb;
	struct str name = rb->files.list[i];
	struct position at = source_locate(rb->source, rb->file_spans[i].start);
	struct str path = arena_printf(&c->arena, "%s/" STR_FMT, l->dir, STR_ARG(name));
	struct fault f = { 0 };
	int err;

	*out = (struct git_entry){ .mode = GIT_FILE };
	if (u->index ? module_file(c, u, i, out, &f) : l->origin->pinned && origin_read(c, l->origin, name, out, &f))
		return true;
	err = u->index || l->origin->pinned ? 0 : file_read(&c->arena, path.p, GIT_FILE_MAX, &out->bytes);
	if (err)
		fault_set(&f, &c->arena, 405, "%s", file_error(err));
	if (f.code)
		cli_error(STR_FMT ":%u:%u: files: " STR_FMT ": " STR_FMT, STR_ARG(rb->source->name), at.line, at.column, STR_ARG(name), STR_ARG(f.text));
	return !f.code;
}

void source_release(struct loaded *l)
{
	if (l->program)
		program_release(l->program);
	diags_release(&l->diags);
	module_source_release(l->modules);
	if (l->origin)
		origin_close(l->origin);
}

struct collect {
	struct cli *c;
	struct loaded *l;
	struct input_text *texts; uint32_t text_count;
	struct preset *presets; uint32_t preset_count;
	const struct node **files; uint32_t file_count;
	bool ok;
};

static void add_input(void *arg, const char *value)
{
	struct collect *k = arg;
	struct source *src = source_new(&k->c->arena, STR("-i"), str_of(value));
	const char *eq = strchr(value, '=');
	struct str name = eq ? (struct str){ value, (size_t)(eq - value) } : str_of(value);
	struct str text = str_of(eq ? eq + 1 : "");

	if (!eq || !name.n) {
		cli_usage(k->c, "-i needs name=value, this is `%s`", value);
		k->ok = false;
	} else if (!utf8_valid(str_of(value))) {
		cli_usage(k->c, "-i " STR_FMT "=...: the value is not UTF-8", STR_ARG(name));
		k->ok = false;
	} else if (memchr(name.p, '.', name.n)) {
		k->presets[k->preset_count++] = (struct preset){ name, text };
	} else {
		k->texts[k->text_count++] = (struct input_text){ name, text, span_of(src, 0, (uint32_t)src->text.n) };
	}
}

static void add_file(void *arg, const char *path)
{
	struct collect *k = arg;
	struct str text;
	int err = file_read(&k->c->arena, path, NODE_BYTES_MAX, &text);
	struct source *src;
	struct node *n;

	if (err) {
		cli_error("%s: %s", path, file_error(err));
		k->ok = false;
		return;
	}
	src = source_new(&k->c->arena, str_of(path), text);
	n = node_read(&k->c->arena, src, NULL, &k->l->diags);
	if (n)
		k->files[k->file_count++] = n;
	if (!n || k->l->diags.errors)
		k->ok = false;
}

bool source_inputs(struct cli *c, struct loaded *l, struct value **inputs, struct preset **presets, uint32_t *preset_count)
{
	struct collect k = { .c = c, .l = l, .ok = true };
	size_t n = (size_t)c->given_count + 1;

	k.texts = arena_array(&c->arena, n, sizeof(*k.texts));
	k.presets = arena_array(&c->arena, n, sizeof(*k.presets));
	k.files = arena_array(&c->arena, n, sizeof(*k.files));
	cli_each(c, "inputs", add_file, &k);
	cli_each(c, "input", add_input, &k);
	*inputs = arena_array(&c->arena, l->program->rb->input_count + 1, sizeof(**inputs));
	if (k.ok)
		k.ok = program_inputs(l->program, &c->arena, k.texts, k.text_count, k.files, k.file_count, *inputs, &l->diags);
	*presets = k.presets;
	*preset_count = k.preset_count;
	return k.ok;
}

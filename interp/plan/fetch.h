#ifndef RB_PLAN_FETCH_H
#define RB_PLAN_FETCH_H
/*
 * fetch: the one door through which a load gets the modules of a runbook. plan
 * does no I/O: whoever loads (cli, tests, a fuzzer) puts a struct fetch behind
 * it. cli's (cli/modules.c) answers from the folder of the runbook, from the
 * objects of its commit, from the vendor folder or the cache as runbook.lock
 * says. The modules that the program brings (std/NAME@1) need none.
 */
#include <stdbool.h>
#include "base/fault.h"
#include "base/str.h"
#include "value/spec.h"

struct arena;
struct module_place; /* where a file with `uses` is; only the implementer looks inside */

/* One module's bytes and identity. Everything lives in the arena of the call. */
struct fetched {
	struct str key;        /* equal for equal modules, however they are named: finds cycles and repeats */
	struct str name;       /* as shown, and the name of its struct source */
	struct str bytes;
	const struct module_place *place;  /* from which its own `uses:` are resolved */
	struct str source;     /* as the journal names it: "std/http", "./health.yml", "git+https://...//aws/ecs.yml" */
	struct str version;    /* the tag, "1.2.0" of std, or empty */
	struct str commit;     /* 40 hex digits, or empty */
	struct str digest;     /* "sha256:..." of what is used, as in the lock; or empty */
	struct str dir;        /* folder of its steps and files; empty: the runbook's */
	bool ours;             /* of the runbook's own repository: its warnings are shown */
};

struct fetch {
	/* The module that `uses` names in the runbook that came from `from`. False after a
	 * fault (4xx) for the span of the `uses:`. The same question has the same answer
	 * as long as a load lasts. */
	bool (*module)(void *arg, struct arena *a, const struct module_place *from, const struct spec *uses, struct fetched *out, struct fault *f);
	void *arg;
	const struct module_place *root; /* of the runbook that is loaded */
	bool std;                  /* it answers for std modules, too: those of a run that was */
};

#endif

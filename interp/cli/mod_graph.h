#ifndef RB_CLI_MOD_GRAPH_H
#define RB_CLI_MOD_GRAPH_H
/*
 * mod_graph: all modules of other repositories that the runbooks of one folder
 * use, directly or through others. `@v1.2` asks for at least that version: of
 * each module, prefix and major version the highest that anything in the graph
 * asks for is taken, and the lowest tag that is not below it stands for it. So
 * the graph depends on the files and on released tags only, not on their order.
 */
#include "cli/modules.h"

enum { MOD_PINS_MAX = 1000 };

/* One module at one version. */
struct mod_pin {
	struct str source, tag;    /* "git+...//x.yml"; the tag, or the commit that was named */
	struct version version;
	bool named;                /* by its commit: no line of the lock */
	struct spec spec;          /* source@tag */
	struct str commit;
	const struct modtree *tree;
	const struct locked *locked; /* of a graph by the lock */
	const struct mod_pin *by;  /* who asked first; NULL: a runbook of the folder */
	const struct modtree_use *use;
};

struct mod_graph {
	struct cli *c;
	struct module_source m;
	struct origin *root;
	const char *dir;
	struct str *books; uint32_t book_count; /* paths from the repository's root */
	struct modtree top;         /* what they use */
	struct mod_pin **pins; uint32_t count;
	struct tag_list *tags;     /* of repositories that were asked */
	const struct mod_graph *choice; /* second walk: what the first has found */
	struct policy *policy;
};

/* place: a folder, or a runbook in it. False after a message. mod_graph_close() in any case. */
bool mod_graph_open(struct mod_graph *g, struct cli *c, const char *place);
void mod_graph_close(struct mod_graph *g);
/* Chooses versions by tags. False after a message. */
bool mod_graph_resolve(struct mod_graph *g);
/* As runbook.lock says. False after a message. */
bool mod_graph_locked(struct mod_graph *g);
/* "deploy.yml:7" or "git+...//x.yml@v1.2.0:7": where a pin's or (NULL) a runbook's use stands. */
struct str mod_graph_place(const struct mod_graph *g, const struct mod_pin *by, const struct modtree_use *use);

#endif

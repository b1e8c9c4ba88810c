/*
 * Looking into a tree. How it is made: node_read.c.
 */
#include "syntax/node.h"

struct node *node_get(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (struct node *n = map->first; n; n = n->next) {
		if (str_eqz(n->key, key))
			return n;
	}
	return NULL;
}

const char *node_kind_name(const struct node *n)
{
	return n->kind == NODE_SEQ ? "a list" : n->kind == NODE_MAP ? "a map" : "text";
}
